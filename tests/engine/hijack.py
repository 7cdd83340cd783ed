"""Raw requests that take their connection over, as clients send them."""

import base64
import hashlib
import json
import os
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def request(side, method, target, headers=(), body=b""):
    """Send one request on a connection of its own: (connection, status,
    fields). Bytes behind the head stay in the connection."""
    raw = side.connect()
    lines = [f"{method} {target} HTTP/1.1", "Host: docker", *headers]
    if body:
        lines += ["Content-Type: application/json",
                  f"Content-Length: {len(body)}"]
    raw.sendall("\r\n".join(lines + ["", ""]).encode() + body)
    status, *fields = read_head(raw).decode().split("\r\n")
    names = (field.partition(":") for field in fields)
    return raw, int(status.split()[1]), {
        name.lower(): value.strip() for name, _, value in names}


def read_head(raw):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += exactly(raw, 1)
    return head[:-4]


def exactly(raw, count):
    data = b""
    while len(data) < count:
        part = raw.recv(count - len(data))
        assert part, ("the connection ended", data)
        data += part
    return data


def to_the_end(raw):
    data = b""
    while part := raw.recv(65536):
        data += part
    return data


def frame(raw):
    """(stream, payload) of a frame of a multiplexed stream."""
    stream, size = struct.unpack(">BxxxI", exactly(raw, 8))
    return stream, exactly(raw, size)


def exec_create(side, container, command, **options):
    """The id of a new exec."""
    body = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True,
            "Cmd": command, **options}
    status, answer = side.ask("POST", f"/v1.41/containers/{container}/exec",
                              json.dumps(body),
                              {"Content-Type": "application/json"})
    assert status == 201, answer
    return json.loads(answer)["Id"]


def exec_start(side, exec_id, upgrade, **options):
    headers = ["Connection: Upgrade", "Upgrade: tcp"] if upgrade else []
    return request(side, "POST", f"/v1.41/exec/{exec_id}/start", headers,
                   json.dumps({"Detach": False, "Tty": False, **options})
                   .encode())


def websocket(side, target):
    key = base64.b64encode(os.urandom(16))
    raw, status, fields = request(side, "GET", target, [
        "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key.decode()}",
        "Origin: http://docker"])
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
    return raw, status, fields.get("sec-websocket-accept") == accept


def websocket_send(raw, payload):
    assert len(payload) < 126
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[index % 4]
                   for index, byte in enumerate(payload))
    raw.sendall(bytes([0x82, 0x80 | len(payload)]) + mask + masked)


def websocket_receive(raw):
    _, size = exactly(raw, 2)
    assert size < 126
    return exactly(raw, size)
