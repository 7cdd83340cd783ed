"""One HTTP request on a connection of its own."""

import http.client


def ask(raw, method, target, body=None, headers=None):
    """Send it on a connected socket: (status, body). Closes the socket."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = raw
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
