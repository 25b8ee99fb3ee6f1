"""Records every packet of a host with nothing configured. Run inside a network namespace of its own, as root.

Usage: unshare -n python3 quiet.py NANOCLAW FOLDER. The namespace gets an interface with a default route, so that whatever
is sent anywhere is seen. First a connection and names are tried, to show that the recorder hears them. The host is listened to
for QUIET_SECONDS. Prints JSON.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

nanoclaw, folder = sys.argv[1:3]
# Types of ICMPv6: MLD, and the discovery of routers and neighbours.
KERNELS = {*range(130, 138), 143}
# The gateways' hardware addresses are given, so that what is sent is the packet itself and no question for them.
for words in ("link set lo up", "link add out type veth peer name far", "link set far up", "link set out up",
              "addr add 192.0.2.2/24 dev out", "neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev out",
              "route add default via 192.0.2.1 dev out", "-6 addr add 2001:db8::2/64 dev out nodad",
              "-6 neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev out",
              "-6 route add default via 2001:db8::1 dev out"):
    subprocess.run(["ip", *words.split()], check=True)

recorder = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
recorder.settimeout(0.2)
packets, kernels, running = [], [], True


def record():
    while running:
        try:
            frame, address = recorder.recvfrom(65536)
        except TimeoutError:
            continue
        if address[0] == "far" or (address[0] == "lo" and address[2] == 4):
            continue  # the same packet once more
        kind = struct.unpack("!H", frame[12:14])[0]
        if kind == 0x0800:
            head = (frame[14] & 15) * 4
            port = struct.unpack("!H", frame[16 + head:18 + head])[0]
            source = struct.unpack("!H", frame[14 + head:16 + head])[0]
            packets.append([address[0], socket.inet_ntoa(frame[30:34]), source, port])
        elif kind == 0x86DD:
            target = socket.inet_ntop(socket.AF_INET6, frame[38:54])
            # MLD stands behind an option for routers.
            following, at = (frame[54], 54 + 8 + frame[55] * 8) if frame[20] == 0 else (frame[20], 54)
            # Neighbours, routers and listeners that the kernel itself asks for; names are asked for by port.
            if following == 58 and frame[at] in KERNELS:
                kernels.append(target)
                continue
            source, port = struct.unpack("!HH", frame[at:at + 4]) if following in (6, 17) else (0, 0)
            packets.append([address[0], target, source, port])
        else:
            packets.append([address[0], hex(kind), 0, 0])


thread = threading.Thread(target=record)
thread.start()
time.sleep(2.5)
result = {"interfaces": len(packets), "kernels": len(kernels)}
packets.clear()

probe = socket.socket()
probe.settimeout(0.5)
try:
    probe.connect(("198.51.100.7", 443))
except OSError:
    pass
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.sendto(b"a name", ("198.51.100.8", 53))
asker = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
asker.sendto(b"a name", ("2001:db8:1::9", 53))
# Names asked of the link: mDNS and LLMNR, by either protocol.
link = socket.if_nametoindex("out")
for group, port in (("ff02::fb", 5353), ("ff02::1:3", 5355)):
    asker.sendto(b"a name", (group, port, 0, link))
asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.2"))
for group, port in (("224.0.0.251", 5353), ("224.0.0.252", 5355)):
    asker.sendto(b"a name", (group, port))
time.sleep(0.5)
result["control"] = list(packets)
probe.close()
time.sleep(1.5)
packets.clear()

home = folder + "/home"
os.mkdir(home)
host = subprocess.Popen([nanoclaw, "up", "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
answer = None
for _ in range(100):
    if subprocess.run([nanoclaw, "status", "--home", home], capture_output=True).returncode == 0:
        break
    time.sleep(0.1)
for words in (["chat", "-m", "run echo quiet"], ["doctor"], ["doctor", "--providers"], ["logs"], ["config", "show"]):
    done = subprocess.run([nanoclaw, *words, "--home", home], capture_output=True, text=True)
    answer = answer or done.stdout
time.sleep(float(os.environ.get("QUIET_SECONDS", "3")))
host.send_signal(signal.SIGTERM)
result["status"] = host.wait(30)
result["answer"] = answer
running = False
thread.join()
result["packets"] = packets
print(json.dumps(result))
