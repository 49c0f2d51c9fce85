# SPDX-License-Identifier: Apache-2.0
"""The routes as /openapi.json tells them, and a record of which were used how: from these two come the tests that every
route has a scenario, an isolation test and a chaos test."""
import re

METHODS = ('get', 'post', 'put', 'patch', 'delete')


class Route:
    def __init__(self, method, path, operation):
        self.method, self.path, self.operation = method.upper(), path, operation
        self.name = f'{self.method} {path}'
        pattern = re.sub(r'\\\{[^}]*\\\}', '[^/]+', re.escape(path))
        self.regex = re.compile(f'^{pattern}$')
        self.literals = len(re.sub(r'\{[^}]*\}', '', path))

    def matches(self, method, path):
        return method == self.method and self.regex.match(path.split('?')[0])

    @property
    def parameters(self):
        """Names in the path."""
        return re.findall(r'\{([^}]*)\}', self.path)

    @property
    def takes_body(self):
        return 'requestBody' in self.operation

    @property
    def codes(self):
        """The error codes that the document promises, each with its status."""
        return {code: int(status) for status, reply in self.operation['responses'].items() if status >= '400'
                for code in re.findall(r'(?:^|[.?!] )([a-z_]+): ', reply['description'])}

    @property
    def success(self):
        return next(int(s) for s in self.operation['responses'] if s < '300')

    @property
    def need(self):
        return self.operation['x-need']

    @property
    def shape(self):
        """The name without the parameters' names, as in examples.py."""
        return re.sub(r'\{[^}]*\}', '{}', self.name)

    def __repr__(self):
        return self.name


def routes(document):
    return [Route(method, path, operation) for path, item in document['paths'].items()
            for method, operation in item.items() if method in METHODS]


def find(all_routes, method, path):
    """The route of a request: the one with the most literal text, as the router decides."""
    fitting = [r for r in all_routes if r.matches(method, path)]
    return max(fitting, key=lambda r: r.literals) if fitting else None
