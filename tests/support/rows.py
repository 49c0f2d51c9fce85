#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which test keeps which security promise. A test is tied to its promises by its name: test_J01_…, test_V16_2_5_…,
test_N_6_…, several at a time where they share one. This script collects the names over the C and Python tests and holds
docs/security-model.md to them: every promise below has a test or a reason, and the table in the document is that.

    rows.py check      exit 1 and say what is wrong
    rows.py write      write the table into the document
"""
import os
import re
import sys

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
DOCUMENT = os.path.join(SOURCE, 'docs', 'security-model.md')
BEGIN, END = '<!-- rows: written by tests/support/rows.py -->', '<!-- end of rows -->'

# Promise → words. The id is what a test's name spells with underscores (V16.2.5: V16_2_5, N-6: N_6).
PROMISES = {
    'B13': 'A refresh token is single use; reuse outside the overlap ends the session.',
    'B15': 'Refresh ends by inactivity, by age, on password change, sign-out of all, and when the user is disabled.',
    'B21': 'Public documents answer any origin.',
    'B23': 'Forwarded headers are believed from configured proxies only.',
    'B24': 'Tokens in the query are ignored.',
    'B25': 'The issuer in the metadata is the one that was asked, per tenant.',
    'I4': 'The same e-mail in two tenants is two users.',
    'I5': "A token or session of one tenant does not work with another's key.",
    'T1': 'Every token carries the tenant, by default under its aliases too.',
    'J01': 'The algorithm comes from the key, never from the header; none is refused in any spelling.',
    'J02': 'There is no HMAC path: the public key is no secret.',
    'J03': 'Every signature is verified; nested and other serialisations are refused.',
    'J04': 'Non-canonical S, small-order points and wrong lengths are refused.',
    'J05': 'Signing keys come from the system CSPRNG.',
    'J06': 'No compression, no encryption.',
    'J07': 'UTF-8 only; duplicate members are refused.',
    'J08': 'iss and sub belong together; the tenant is the owner of the key.',
    'J09': 'aud is required and matched.',
    'J10': 'kid is opaque; jku, x5u, jwk and crit are refused.',
    'J11': 'typ is explicit.',
    'J12': 'One kind of token is never accepted where another belongs.',
    'J13': 'exp, nbf and iat with a minute of skew; a missing exp is refused.',
    'J14': 'Size, depth and number caps before anything is believed.',
    'J15': 'A token of tenant A is refused at tenant B.',
    'J16': 'A key is published before it signs and stays until its last token has expired; a leaked one goes at once.',
    'N-1': 'Password length in code points after NFC; 64 and more accepted.',
    'N-2': 'The whole password is compared with the list of common ones and with what is known of the user.',
    'N-3': 'No composition rules, no periodic change.',
    'N-6': 'At most 100 failures in a row, then the password is disabled until recovery.',
    'N-13': 'Session secrets of at least 64 bits; no cookie.',
    'V6.2.4': 'The most common passwords are refused.',
    'V6.2.5': 'No composition rules.',
    'V6.2.8': 'Passwords are taken as typed: never trimmed, cut or folded.',
    'V6.2.9': 'At least 64 characters are accepted.',
    'V6.2.11': 'Words of the context are refused.',
    'V6.3.8': 'Who exists is not told by text, status or headers.',
    'V7.2.3': 'Session secrets have at least 128 bits.',
    'V7.2.4': 'Every sign-in is a new session.',
    'V7.3.1': 'A session ends by inactivity.',
    'V7.3.2': 'A session ends by age.',
    'V7.4.1': 'After sign-out nothing of the session works, verification included.',
    'V7.4.2': 'A disabled user is out at once.',
    'V7.4.3': 'A password change ends the other sessions.',
    'V7.5.2': 'Users see and end their sessions.',
    'V7.6.2': 'Only signing in starts a session.',
    'V11.2.4': 'Secrets are compared in constant time, whole.',
    'V11.3.4': 'Nonces do not repeat.',
    'V11.4.2': 'Password hashes have current parameters; old ones are replaced at sign-in.',
    'V11.5.1': 'Secrets have at least 128 random bits.',
    'V13.1.2': 'Connection maxima are settings with bounds.',
    'V13.2.2': "A tenant's database role reaches nothing else.",
    'V13.3.4': 'Secrets can be exchanged without downtime.',
    'V13.4.2': 'No debugging surface.',
    'V13.4.4': 'No TRACE.',
    'V13.4.5': 'Metrics and probes are not on the public listener.',
    'V13.4.6': 'No version banner.',
    'V16.2.1': 'Log lines say who, what, when and where.',
    'V16.2.2': 'Times are UTC.',
    'V16.2.5': 'No secret and no token reaches a log or an audit row.',
    'V16.3.1': 'Every outcome of authentication is audited.',
    'V16.3.2': 'Refused authorisation is logged.',
    'V16.4.1': 'Nothing that is sent can forge a log line.',
    'V16.4.2': 'What runs a tenant cannot rewrite its audit.',
    'V16.5.1': 'Errors say nothing of the inside.',
    'V16.5.2': "One tenant's database down hurts nobody else.",
    'V16.5.3': 'What fails, fails closed.',
}

# Promises that other rows keep, word for word.
KEPT_BY = {
    'V9.1.1': ('Self-contained tokens are verified by their signature.', ['J01', 'J03', 'J04']),
    'V9.1.2': ('Only the algorithms of the list, no none.', ['J01', 'J02']),
    'V9.1.3': ('Key material comes from where it was configured, never from the token.', ['J10']),
    'V9.2.1': ('Validity in time.', ['J13']),
    'V9.2.2': ('Type and purpose of a token.', ['J11', 'J12']),
    'V9.2.3': ('Audience.', ['J09']),
    'V9.2.4': ('One issuer, many audiences: kept apart.', ['J09', 'J15']),
}

# Classes of flaws that others had → the tests that would have caught them here.
ADVISORIES = {
    'Host and forwarded-host poisoning': ['test_hostile_hosts_change_nothing'],
    'Signature not verified on one path': ['test_every_byte_of_the_signature_counts', 'test_changed_payload'],
    'Algorithm confusion': ['test_J01_alg_none', 'test_J02_public_key_as_hmac_secret'],
    'Truncated or partial token accepted': ['test_truncated_tokens', 'test_truncated_or_changed_keys'],
    'Disabled object still trusted': ['test_V7_4_2_a_disabled_user_is_out_at_once',
                                      'test_suspended_is_refused_everywhere_but_discovery',
                                      'test_deleted_is_indistinguishable_from_unknown',
                                      'test_a_deleted_clients_keys_and_sessions_end',
                                      'test_revoke_bites_on_the_next_request'],
    'Revocation ignored in one combination': ['test_V7_4_1_use_after_sign_out_fails_also_by_verify',
                                              'test_J16_revoke_drops_at_once'],
    'Duplicate parameters': ['test_repeated_headers_that_must_be_single', 'test_unknown_and_repeated_parameters'],
    'Refresh replay race': ['test_200_parallel_uses_over_two_processes_make_one_successor'],
    'Token for one application used at another': ['test_only_the_client_it_was_issued_to',
                                                  'test_refresh_tokens_stay_at_home'],
    'Parallel guesses not counted': ['test_N_6_a_thousand_parallel_guesses_count_as_a_thousand',
                                     'test_N_6_over_two_processes'],
    'Client address handling': ['test_B23_a_spoofer_stays_in_one_bucket', 'test_B23_one_ipv6_network_is_one_client',
                                'test_B23_forwarded_headers_from_anybody_are_ignored'],
    'Lockout counter bug': ['test_N_6_locks_exactly_at_n'],
    'Mass assignment': ['test_mass_assignment', 'test_unknown_fields'],
    'Path id against body id, IDOR': ['test_IDOR_every_id_of_the_other_tenant', 'test_IDOR_another_users_session'],
    'Low privilege reaches administration': ['test_keys_open_only_their_own_kind_of_route', 'test_readers_read'],
    'Unicode identity confusion': ['test_bad_emails'],
    'Shared mutable error state': ['test_two_tenants_failing_in_parallel_share_nothing'],
    'Crash by malformed input': ['test_broken_json', 'test_wrong_types', 'test_smuggling_shapes'],
    'Deep nesting': ['test_deep_nesting', 'test_a_megabyte_of_nesting_costs_nothing'],
    'Oversize secret': ['test_oversize_secret_is_refused_cheaply'],
    'Page size 0 or largest': ['test_limits'],
    'SQL injection': ['test_sql_is_only_text', 'test_J10_kid_is_opaque'],
    'Restriction skipped on refresh': ['test_policy_session_duration', 'test_policy_session_idle'],
    'Secrets visible in reads': ['test_secrets_are_not_read_back', 'test_keys_are_shown_once'],
    'A value copied to another tenant': ['test_a_session_row_copied_to_another_tenant_is_no_session',
                                         'test_a_sealed_signing_key_copied_to_another_tenant_does_not_open'],
    'Request smuggling': ['test_smuggling_shapes', 'test_request_lines', 'test_chunked_bodies', 'test_no_upgrade'],
}

NAME = re.compile(r'(?:^|_)(J\d\d|B\d\d|N_\d+|V\d+_\d+_\d+|I\d|T\d)(?=_|$)')


def tests():
    """Every test → the file that has it."""
    found = {}
    for directory, _, files in os.walk(os.path.join(SOURCE, 'tests')):
        if 'node_modules' in directory:
            continue
        for file in sorted(files):
            pattern = {'.c': r'^static void (test_\w+)\(', '.py': r'^    def (test_\w+)\('}.get(os.path.splitext(file)[1])
            if pattern and file.startswith('test_'):
                with open(os.path.join(directory, file)) as f:
                    for name in re.findall(pattern, f.read(), re.M):
                        found.setdefault(name, set()).add(file)
    return found


def row_id(text):
    """V16_2_5 → V16.2.5, N_6 → N-6."""
    return text.replace('_', '-' if text.startswith('N') else '.')


def kept(found):
    """Promise → [(file, test)]."""
    rows = {}
    for name, files in found.items():
        for row in NAME.findall(name):
            rows.setdefault(row_id(row), set()).update((file, name) for file in files)
    return rows


def order(row):
    return [int(part) if part.isdigit() else part for part in re.split(r'(\d+)', row)]


def listed(pairs):
    """`file`: test, test · `file`: …"""
    files = {}
    for file, name in sorted(pairs):
        files.setdefault(file, []).append(name[len('test_'):])
    return ' · '.join(f'`{file}`: {", ".join(names)}' for file, names in files.items())


def table(found):
    rows = kept(found)
    lines = ['| row | promise | kept by |', '|---|---|---|']
    for row in sorted({**PROMISES, **KEPT_BY}, key=order):
        if row in KEPT_BY:
            lines.append(f'| {row} | {KEPT_BY[row][0]} | rows {", ".join(KEPT_BY[row][1])} |')
        else:
            lines.append(f'| {row} | {PROMISES[row]} | {listed(rows.get(row, []))} |')
    lines += ['', '| class of flaw elsewhere | the test that would have caught it here |', '|---|---|']
    for name, wanted in ADVISORIES.items():
        lines.append(f'| {name} | {listed({(file, t) for t in wanted for file in found.get(t, ())})} |')
    return '\n'.join(lines)


def complaints(found):
    rows = kept(found)
    for row in PROMISES:
        if row not in rows:
            yield f'{row} has no test'
    for row in rows:
        if row not in PROMISES:
            yield f'{row} is in the name of {sorted(rows[row])[0][1]} and not among the promises'
    for row, (_, others) in KEPT_BY.items():
        yield from (f'{row} rests on {other}, which is no promise' for other in others if other not in PROMISES)
    for name, wanted in ADVISORIES.items():
        yield from (f'"{name}": there is no {test}' for test in wanted if test not in found)


def main():
    found = tests()
    with open(DOCUMENT) as f:
        text = f.read()
    head, rest = text.split(BEGIN)
    fresh = f'{head}{BEGIN}\n{table(found)}\n{END}{rest.split(END)[1]}'
    if sys.argv[1:] == ['write']:
        with open(DOCUMENT, 'w') as f:
            f.write(fresh)
        return 0
    wrong = list(complaints(found))
    if fresh != text:
        wrong.append('the table in docs/security-model.md is not that of the tests; run tests/support/rows.py write')
    print('\n'.join(wrong) or f'{len(PROMISES)} promises, {len(ADVISORIES)} classes: each has its test')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
