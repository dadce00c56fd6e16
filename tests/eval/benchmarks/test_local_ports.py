"""Ports of this machine that benchmarks use."""

import socket

from screenwright.eval.benchmarks.local_ports import KeptPorts


def test_a_name_gets_its_port_again_unless_it_is_in_use() -> None:
    ports = KeptPorts()
    with ports.taken("wiki") as first, ports.taken("wiki") as second, ports.taken("stock") as other:
        assert len({first, second, other}) == 3
    with ports.taken("wiki") as again:
        assert again == first
    with ports.taken("wiki") as once_more:
        assert once_more == first
    with socket.create_server(("127.0.0.1", again)), ports.taken("wiki") as free:
        assert free != again
