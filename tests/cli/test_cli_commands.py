# SPDX-License-Identifier: Apache-2.0
"""Every command of hjctl against a real server: what it does, its output forms, its exit codes, and that what destroys
asks first. A command of `hjctl help` that no test here runs fails the last one."""
import json
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
import authd  # noqa: E402

OK, FAILED, USAGE, UNREACHABLE, DENIED, NOT_FOUND, CONFLICT, INVALID = range(8)


def from_yaml(text):
    """The YAML that hjctl prints: indented blocks whose scalars are JSON."""
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]

    def block(indent):
        out = [] if lines and lines[0][1].startswith('-') else {}
        while lines and lines[0][0] == indent:
            name, _, rest = lines.pop(0)[1].partition('-' if isinstance(out, list) else ':')
            value = json.loads(rest) if rest.strip() else block(indent + 2)
            out.append(value) if isinstance(out, list) else out.update({name: value})
        return out
    return block(0)


class Hjctl(authd.TestCase):
    """`run` is hjctl with its key; the first words of each call are kept."""
    ran = set()

    def run_it(self, *args, expect=OK, stdin=None, env=None):
        done = subprocess.run(shlex.split(self.server.env['HJCTL']) + list(args), capture_output=True, text=True,
                              input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                              env={**self.server.environment, **(env or {})})
        self.assertEqual(done.returncode, expect, f'{args}\n{done.stdout}\n{done.stderr}')
        words = [a for a in args if not a.startswith('-')]
        self.ran.add(' '.join(words[:2]))
        self.ran.add(words[0] if words else '')
        return done

    def json_of(self, *args, **kw):
        return json.loads(self.run_it(*args, '-o', 'json', **kw).stdout)

    def slug(self):
        return self.server.new_tenant()['slug']


class Commands(Hjctl):
    def test_tenants(self):
        made = self.json_of('tenant', 'create', 'cli-one', '--name', 'One', '--environment', 'test',
                            '--session-duration', '8h', '--allowed-origins', 'https://a.example,https://b.example')
        self.assertEqual((made['slug'], made['name'], made['environment']), ('cli-one', 'One', 'test'))
        self.assertEqual(made['policy']['allowed_origins'], ['https://a.example', 'https://b.example'])
        self.assertRegex(made['client']['secret_key'], '^sk_test_')
        self.assertIn('cli-one', [t['slug'] for t in self.json_of('tenant', 'list')])
        self.assertEqual(self.json_of('tenant', 'get', 'cli-one')['id'], made['id'])
        self.assertEqual(self.json_of('tenant', 'get', made['id'])['slug'], 'cli-one')
        changed = self.json_of('tenant', 'update', 'cli-one', '--name', 'Uno', '--session-duration', '1d',
                               '--allowed-origins', '')
        self.assertEqual((changed['name'], changed['policy']['session_duration'], changed['policy']['allowed_origins']),
                         ('Uno', '1d', []))
        reset = self.json_of('tenant', 'update', 'cli-one', '--reset', 'session-duration,allowed_origins')
        self.assertEqual(reset['policy']['session_duration'], '30d')
        self.assertEqual(self.json_of('tenant', 'suspend', 'cli-one', '--yes')['status'], 'suspended')
        self.assertEqual([t['slug'] for t in self.json_of('tenant', 'list', '--status', 'suspended')], ['cli-one'])
        self.assertEqual(self.json_of('tenant', 'reactivate', 'cli-one')['status'], 'active')
        before = self.json_of('tenant', 'signing-keys', 'cli-one')
        self.run_it('tenant', 'rotate-keys', 'cli-one')
        self.assertEqual(len(self.json_of('tenant', 'signing-keys', 'cli-one')), len(before) + 1)
        self.run_it('tenant', 'rotate-keys', 'cli-one', '--revoke')
        self.run_it('tenant', 'delete', 'cli-one', '--yes')
        self.run_it('tenant', 'create', 'cli-one', expect=CONFLICT)

    def test_the_sentence_of_the_contract_works_to_the_letter(self):
        self.run_it('tenant', 'create', 'acme-letter')
        done = subprocess.run(f"{self.server.env['HJCTL']} tenant update acme-letter --session-duration 8h"
                              ' --allowed-origins "https://app.acme.com"', shell=True, capture_output=True, text=True,
                              env=self.server.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        policy = self.json_of('tenant', 'get', 'acme-letter')['policy']
        self.assertEqual((policy['session_duration'], policy['allowed_origins']), ('8h', ['https://app.acme.com']))

    def test_clients_and_keys(self):
        slug = self.slug()
        client = self.json_of('client', 'create', slug, '--name', 'Shop', '--type', 'web', '--audience', 'shop')
        self.assertRegex(client['publishable_key'], '^pk_test_')
        self.assertEqual(self.json_of('client', 'get', slug, client['id'])['audience'], 'shop')
        self.assertIn(client['id'], [c['id'] for c in self.json_of('client', 'list', slug)])
        changed = self.json_of('client', 'update', slug, client['id'], '--name', 'Store', '--audience', '')
        self.assertEqual((changed['name'], changed['audience']), ('Store', None))
        key = self.json_of('key', 'create', slug, client['id'], '--kind', 'secret')
        self.assertRegex(key['key'], '^sk_test_')
        rolled = self.json_of('key', 'roll', slug, client['id'], key['id'], '--overlap', '1h')
        self.assertNotEqual(rolled['key'], key['key'])
        listed = self.json_of('key', 'list', slug, client['id'])
        self.assertIn(key['key'][-4:], ' '.join(k['hint'] for k in listed))
        self.run_it('key', 'revoke', slug, client['id'], rolled['id'], '--yes')
        self.run_it('client', 'delete', slug, client['id'], '--yes')
        self.run_it('client', 'get', slug, client['id'], expect=NOT_FOUND)

    def test_operators(self):
        made = self.json_of('operator', 'create', '--name', 'Olga', '--role', 'reader')
        self.assertRegex(made['key'], '^op_')
        self.assertIn(made['id'], [o['id'] for o in self.json_of('operator', 'list')])
        self.assertEqual(self.json_of('operator', 'get', made['id'])['role'], 'reader')
        key = self.json_of('operator', 'create-key', made['id'])
        as_olga = {'HJCTL_KEY': key['key']}
        self.assertEqual(self.json_as(as_olga, 'operator', 'whoami')['name'], 'Olga')
        self.run_plain(as_olga, 'tenant', 'create', 'no-chance', expect=DENIED)
        self.assertEqual(self.json_of('operator', 'update', made['id'], '--role', 'admin')['role'], 'admin')
        self.assertEqual(len(self.json_of('operator', 'list-keys', made['id'])), 2)
        self.run_it('operator', 'revoke-key', made['id'], key['id'], '--yes')
        self.run_plain(as_olga, 'operator', 'whoami', expect=DENIED)
        self.run_it('operator', 'delete', made['id'], '--yes')
        self.run_it('operator', 'get', made['id'], expect=NOT_FOUND)
        self.assertTrue(self.json_of('operator', 'whoami')['id'])

    def run_plain(self, env, *args, expect=OK):
        """hjctl with nothing but what env gives it, and the address."""
        done = subprocess.run([authd.HJCTL, '--url', self.server.env['BASE_URL'], *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={'HOME': '/nonexistent', 'PATH': os.environ['PATH'], **env})
        self.assertEqual(done.returncode, expect, f'{args}\n{done.stdout}\n{done.stderr}')
        return done

    def json_as(self, env, *args):
        return json.loads(self.run_plain(env, *args, '-o', 'json').stdout)

    def test_audit(self):
        slug = self.slug()
        self.run_it('tenant', 'update', slug, '--lockout-after', '5')
        rows = self.json_of('audit', 'list', '--tenant', slug)
        self.assertEqual([r['event'] for r in rows], ['tenant.updated', 'tenant.created'])
        only = self.json_of('audit', 'list', '--tenant', slug, '--event', 'tenant.created', '--limit', '1')
        self.assertEqual(len(only), 1)
        self.assertEqual(self.json_of('audit', 'list', '--tenant', slug, '--since', '2999-01-01T00:00:00Z'), [])
        self.assertEqual(self.json_of('audit', 'list', '--tenant', slug, '--until', '2000-01-01T00:00:00Z'), [])

    def test_lists_follow_their_pages(self):
        slug = self.slug()
        for n in range(3):
            self.run_it('client', 'create', slug, '--name', f'c{n}')
        self.assertEqual(len(self.json_of('client', 'list', slug)), 4)
        self.assertEqual(len(self.json_of('client', 'list', slug, '--limit', '2')), 2)

    # -- what needs no server -----------------------------------------------------------------------

    def test_explain_version_help_man(self):
        self.assertIn('what to do', self.run_it('explain', 'account_locked').stdout)
        self.run_it('explain', 'no_such_code', expect=NOT_FOUND)
        with open(os.path.join(authd.SOURCE, 'include', 'authd', 'errors.def')) as f:
            for code in re.findall(r'^ERR\((\w+)', f.read(), re.M):
                self.assertIn(code, self.run_it('explain', code).stdout)
        self.assertRegex(self.run_it('version').stdout, r'^hjctl \d+\.\d+\.\d+')
        self.assertIn('tenant create', self.run_it('help').stdout)
        page = self.run_it('man').stdout
        lint = subprocess.run(['mandoc', '-Tlint', '-W', 'warning'], input=page, capture_output=True, text=True)
        self.assertEqual(lint.stdout, '')

    def test_installed_man_pages_lint(self):
        pages = []
        for directory, _, files in os.walk(os.path.join(authd.SOURCE, 'docs')):
            pages += [os.path.join(directory, f) for f in files if re.search(r'\.[1358]$', f)]
        for page in pages:
            lint = subprocess.run(['mandoc', '-Tlint', '-W', 'warning', page], capture_output=True, text=True)
            self.assertEqual(lint.stdout, '', page)

    def test_completion(self):
        for shell in ('bash', 'zsh', 'fish'):
            script = self.run_it('completion', shell).stdout
            for word in ('tenant', 'rotate-keys', 'session-duration', 'dry-run'):
                self.assertIn(word, script)
            if shell == 'bash':
                parsed = subprocess.run(['bash', '-n'], input=script, capture_output=True, text=True)
                self.assertEqual((parsed.returncode, parsed.stderr), (0, ''))
                words = subprocess.run(['bash', '-c', script + '''
                    COMP_WORDS=(hjctl tenant cr); COMP_CWORD=2; _hjctl; echo "${COMPREPLY[@]}"
                    COMP_WORDS=(hjctl ten); COMP_CWORD=1; _hjctl; echo "${COMPREPLY[@]}"
                    COMP_WORDS=(hjctl tenant update acme --session-d); COMP_CWORD=4; _hjctl; echo "${COMPREPLY[@]}"
                '''], capture_output=True, text=True).stdout.splitlines()
                self.assertEqual(words, ['create', 'tenant', '--session-duration'])
        self.run_it('completion', 'tcsh', expect=USAGE)

    def test_contexts(self):
        home = os.path.join(self.server.state, 'home')
        os.makedirs(home, exist_ok=True)
        env = {'HOME': home, 'XDG_CONFIG_HOME': ''}

        def run(*args, expect=OK, stdin=None):
            done = subprocess.run([authd.HJCTL, *args], capture_output=True, text=True, input=stdin or '',
                                  env={'PATH': os.environ['PATH'], **env})
            self.ran.add(' '.join(args[:2]))
            self.assertEqual(done.returncode, expect, f'{args}\n{done.stdout}\n{done.stderr}')
            return done.stdout
        run('operator', 'whoami', expect=USAGE)
        run('config', 'set-context', 'local', '--url', self.server.env['BASE_URL'], '--key-stdin',
            stdin=self.server.env['OPERATOR_KEY'] + '\n')
        path = os.path.join(home, '.config', 'hjctl', 'config.json')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        run('operator', 'whoami')
        run('config', 'set-context', 'nowhere', '--url', 'http://127.0.0.1:1', '--key-stdin', stdin='op_x\n')
        run('config', 'use-context', 'nowhere')
        run('operator', 'whoami', expect=UNREACHABLE)
        run('operator', 'whoami', '--context', 'local')
        self.assertIn('* nowhere', run('config', 'list-contexts'))
        run('config', 'delete-context', 'nowhere')
        run('config', 'use-context', 'nowhere', expect=NOT_FOUND)
        os.chmod(path, 0o644)
        run('operator', 'whoami', '--context', 'local', expect=USAGE)

    def test_zz_every_command_was_run(self):
        help_text = self.run_it('help').stdout.split('everywhere:')[0]
        nouns = {}
        for line in re.findall(r'^  (\S.*?)  ', help_text, re.M):
            words = [w for w in line.split() if w.islower()]
            nouns[' '.join(words[:2])] = True
        self.assertGreater(len(nouns), 30)
        if len(self.ran) > 20:  # not when a single test was asked for
            self.assertEqual(set(nouns) - self.ran, set())


class Output(Hjctl):
    def test_forms_tell_the_same(self):
        slug = self.slug()
        as_json = self.json_of('tenant', 'get', slug)
        as_yaml = from_yaml(self.run_it('tenant', 'get', slug, '-o', 'yaml').stdout)
        for text in (as_json, as_yaml):
            for member in [m for m in text if m.endswith('_at')]:
                text.pop(member)
        self.assertEqual(as_json, as_yaml)
        table = self.run_it('tenant', 'get', slug).stdout
        self.assertRegex(table, rf'(?m)^slug +{slug}$')
        self.assertRegex(table, r'(?m)^policy\.session_duration +30d$')
        rows = self.run_it('tenant', 'list').stdout.splitlines()
        self.assertEqual(rows[0].split()[:4], ['SLUG', 'ID', 'NAME', 'ENVIRONMENT'])
        self.assertEqual(len({len(r.split()[0]) >= 1 for r in rows}), 1)
        self.assertEqual(from_yaml(self.run_it('tenant', 'list', '-o', 'yaml').stdout)[0]['slug'],
                         self.json_of('tenant', 'list')[0]['slug'])

    def test_quiet_is_ids(self):
        slug = self.slug()
        ids = self.run_it('tenant', 'list', '-q').stdout.split()
        self.assertTrue(all(re.fullmatch(r'tnt_\w{26}', i) for i in ids))
        self.assertRegex(self.run_it('client', 'create', slug, '--name', 'q', '--quiet').stdout, r'^cli_\w{26}\n$')

    def test_environment_chooses_the_form(self):
        json.loads(self.run_it('tenant', 'list', env={'HJCTL_OUTPUT': 'json'}).stdout)
        self.run_it('tenant', 'list', '-o', 'xml', expect=USAGE)

    def test_terminals_are_safe(self):
        slug = self.slug()
        self.server.sql("UPDATE authd_control.tenant SET name = E'evil\\x1b[31m\\nline' WHERE slug = '%s'" % slug)
        for args in (('tenant', 'get', slug), ('tenant', 'list')):
            self.assertNotIn('\x1b', self.run_it(*args).stdout)

    def test_secrets_are_announced_once_and_never_on_the_command_line(self):
        slug = self.slug()
        done = self.run_it('client', 'create', slug, '--name', 'x')
        self.assertIn('not shown again', done.stderr)
        self.assertNotIn('sk_', self.run_it('client', 'list', slug, '-o', 'json').stdout)
        self.assertNotIn('op_', ' '.join(shlex.split(self.server.env['HJCTL'])), 'the key is not an argument')
        help_text = self.run_it('help').stdout
        self.assertNotRegex(help_text, r'--key[ =]', 'there is no flag for a key itself')
        self.run_it('tenant', 'list', '--key', 'op_x', expect=USAGE)

    def test_keys_are_in_no_process_list(self):
        process = subprocess.Popen(shlex.split(self.server.env['HJCTL']) + ['tenant', 'list'], stdout=subprocess.PIPE,
                                   env=self.server.environment)
        with open(f'/proc/{process.pid}/cmdline', 'rb') as f:
            self.assertNotIn(b'op_', f.read())
        process.communicate()


class ExitCodes(Hjctl):
    def test_usage(self):
        for args in ((), ('nonsense',), ('tenant',), ('tenant', 'nonsense'), ('tenant', 'get'), ('tenant', 'get', 'a', 'b'),
                     ('tenant', 'list', '--nonsense'), ('client', 'create', 'x'), ('tenant', 'get', ''),
                     ('tenant', 'list', '--limit', 'x'), ('tenant', 'list', '--limit'), ('tenant', 'list', '--quiet=1'),
                     ('tenant', 'update', 'x', '--session-duration', '8 hours'),
                     ('tenant', 'update', 'x', '--name', 'a', '--name', 'b')):
            with self.subTest(args=args):
                done = self.run_it(*args, expect=USAGE)
                self.assertEqual(done.stdout, '' if args else done.stdout)

    def test_codes_by_kind(self):
        slug = self.slug()
        self.run_it('tenant', 'get', 'not-there', expect=NOT_FOUND)
        self.run_it('tenant', 'create', slug, expect=CONFLICT)
        self.run_it('tenant', 'create', 'BAD SLUG', expect=INVALID)
        self.run_it('tenant', 'update', slug, '--name', 'x', '--if-match', 'stale', expect=CONFLICT)
        nowhere = subprocess.run([authd.HJCTL, 'tenant', 'list', '--url', 'http://127.0.0.1:1'], capture_output=True,
                                 text=True, env={**os.environ, 'HJCTL_KEY': self.server.env['OPERATOR_KEY']})
        self.assertEqual(nowhere.returncode, UNREACHABLE, nowhere.stderr)
        bad = self.run_it('tenant', 'get', 'not-there', expect=NOT_FOUND).stderr
        self.assertIn('what to do', bad)
        self.assertIn('req_', bad)

    def test_wrong_key_is_denied(self):
        path = os.path.join(self.server.state, 'wrong-key')
        with open(path, 'w') as f:
            f.write(self.server.env['OPERATOR_KEY'][:-1] + '\n')
        os.chmod(path, 0o600)
        done = subprocess.run([authd.HJCTL, '--url', self.server.env['BASE_URL'], '--key-file', path, 'tenant', 'list'],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={'PATH': os.environ['PATH'], 'HOME': '/nonexistent'})
        self.assertEqual(done.returncode, DENIED, done.stderr)

    def test_key_on_standard_input(self):
        done = subprocess.run([authd.HJCTL, '--url', self.server.env['BASE_URL'], '--key-file', '-', 'operator', 'whoami'],
                              input=self.server.env['OPERATOR_KEY'] + '\n', capture_output=True, text=True,
                              env={'PATH': os.environ['PATH'], 'HOME': '/nonexistent'})
        self.assertEqual(done.returncode, OK, done.stderr)


class Destroying(Hjctl):
    def destroying(self):
        """(what, command) of everything that destroys, on things made for it."""
        slug = self.slug()
        client = self.json_of('client', 'create', slug, '--name', 'x')['id']
        key = self.json_of('key', 'create', slug, client, '--kind', 'secret')['id']
        operator = self.json_of('operator', 'create', '--name', 'x')['id']
        operator_key = self.json_of('operator', 'create-key', operator)['id']
        return [('key', 'revoke', slug, client, key), ('client', 'delete', slug, client),
                ('operator', 'revoke-key', operator, operator_key), ('operator', 'delete', operator),
                ('tenant', 'suspend', slug), ('tenant', 'delete', slug)]

    def test_dry_run_and_a_missing_yes_change_nothing(self):
        commands = self.destroying()
        with self.assertNothingChanges():
            for command in commands:
                with self.subTest(command=command[:2]):
                    shown = self.run_it(*command, '--dry-run')
                    self.assertIn('Nothing was changed', shown.stderr)
                    refused = self.run_it(*command, expect=USAGE)
                    self.assertIn('--yes', refused.stderr)
        for command in commands:
            self.run_it(*command, '--yes')

    def test_dry_run_of_what_is_not_there(self):
        self.run_it('tenant', 'delete', 'not-there', '--dry-run', expect=NOT_FOUND)

    def test_every_destroying_command_is_here(self):
        help_text = self.run_it('help').stdout
        mine = {' '.join(c[:2]) for c in self.destroying()}
        for line in re.findall(r'^  ([a-z-]+ [a-z-]+)', help_text, re.M):
            usage = subprocess.run([authd.HJCTL, *line.split(), '--help'], capture_output=True, text=True).stdout
            self.assertEqual('--dry-run' in usage, line in mine, line)


if __name__ == '__main__':
    authd.main()
