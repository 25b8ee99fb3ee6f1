import Core
import Foundation
import Glibc
import LinuxIO
import TestSupport
import Testing

@testable import Sandbox

/// Whether anything gets out of a sandbox on its own.
@Suite(.serialized)
struct PacketTests {
    /// Sockets of this machine that somebody who got out could reach: TCP, UDP and an abstract name.
    final class Outside: Sendable {
        let tcp: Int32
        let udp: Int32
        let named: Int32
        let port: UInt16
        let name = "nanoclaw-test-\(UUID().uuidString)"

        init() throws {
            tcp = try Errno.check(socket(AF_INET6, Self.kind(SOCK_STREAM), 0), "socket")
            udp = try Errno.check(socket(AF_INET6, Self.kind(SOCK_DGRAM), 0), "socket")
            named = try Errno.check(socket(AF_UNIX, Self.kind(SOCK_STREAM), 0), "socket")
            // Every address of this machine, of both families.
            var any = sockaddr_in6()
            any.sin6_family = sa_family_t(AF_INET6)
            port = try Self.bind(tcp, &any, MemoryLayout<sockaddr_in6>.size) { socket in
                var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
                var bound = sockaddr_in6()
                withUnsafeMutablePointer(to: &bound) { pointer in
                    _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
                }
                return UInt16(bigEndian: bound.sin6_port)
            }
            any.sin6_port = port.bigEndian
            _ = try Self.bind(udp, &any, MemoryLayout<sockaddr_in6>.size) { _ in 0 }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: Array(name.utf8)) }
            _ = try Self.bind(named, &address, MemoryLayout<sa_family_t>.size + 1 + name.utf8.count) { _ in 0 }
            for socket in [tcp, named] { try Errno.check(listen(socket, 64) == 0 ? 0 : -errno, "listen") }
        }

        deinit { for socket in [tcp, udp, named] { close(socket) } }

        private static func kind(_ kind: __socket_type) -> Int32 {
            Int32(kind.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        }

        private static func bind<Address>(
            _ socket: Int32,
            _ address: inout Address,
            _ length: Int,
            _ result: (Int32) -> UInt16
        ) throws -> UInt16 {
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.bind(socket, $0, socklen_t(length)) }
            }
            try Errno.check(code == 0 ? 0 : -errno, "bind")
            return result(socket)
        }

        /// What has arrived since the last look.
        func arrivals() -> [String] {
            var found: [String] = []
            for (socket, name) in [(tcp, "tcp"), (named, "unix")] {
                while case let accepted = accept(socket, nil, nil), accepted >= 0 {
                    close(accepted)
                    found.append(name)
                }
            }
            var byte: UInt8 = 0
            while recv(udp, &byte, 1, 0) >= 0 { found.append("udp") }
            return found
        }
    }

    /// Tries every way out and prints one line each: `way answer`.
    static func script(_ outside: Outside) -> String {
        """
        import os, socket as s
        for name in list(os.environ):
            if name.lower().endswith("_proxy"): del os.environ[name]
        def attempt(name, make, act):
            try:
                with make() as one:
                    one.settimeout(3)
                    act(one)
                print(name, "OUT", flush=True)
            except OSError as error:
                print(name, type(error).__name__ if error.errno is None else error.errno, flush=True)
        lan = [a for a in os.environ["LAN"].split() if "%" not in a]
        places = ["127.0.0.1", "::1", "1.1.1.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "fd00::1",
                  "2606:4700:4700::1111"] + lan
        for place in places:
            family = s.AF_INET6 if ":" in place else s.AF_INET
            for port in [\(outside.port), 53, 443]:
                attempt(f"tcp:{place}:{port}", lambda: s.socket(family, s.SOCK_STREAM),
                        lambda one: one.connect((place, port)))
                def ask(one):
                    one.connect((place, port))
                    one.send(b"x")
                    # Loopback of the sandbox's own takes it and says that nobody is there.
                    one.recv(1)
                attempt(f"udp:{place}:{port}", lambda: s.socket(family, s.SOCK_DGRAM), ask)
        for place in ["255.255.255.255", "224.0.0.1"]:
            attempt(f"udp:{place}", lambda: s.socket(s.AF_INET, s.SOCK_DGRAM),
                    lambda one: (one.setsockopt(s.SOL_SOCKET, s.SO_BROADCAST, 1), one.sendto(b"x", (place, 67))))
        for name, family, kind, protocol in [
            ("raw", s.AF_INET, s.SOCK_RAW, s.IPPROTO_ICMP), ("raw6", s.AF_INET6, s.SOCK_RAW, s.IPPROTO_ICMPV6),
            ("ping", s.AF_INET, s.SOCK_DGRAM, s.IPPROTO_ICMP), ("ping6", s.AF_INET6, s.SOCK_DGRAM, s.IPPROTO_ICMPV6),
            ("packet", s.AF_PACKET, s.SOCK_RAW, 3), ("vsock", 40, s.SOCK_STREAM, 0),
        ]:
            attempt(name, lambda: s.socket(family, kind, protocol), lambda one: None)
        attempt("unix", lambda: s.socket(s.AF_UNIX), lambda one: one.connect("\\0\(outside.name)"))
        def resolve(one): s.getaddrinfo("example.org", 80)
        attempt("dns", lambda: s.socket(s.AF_UNIX), resolve)
        devices = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
        print("devices", *devices)
        routes = [line for line in open("/proc/net/route").read().splitlines()[1:] if line.strip()]
        routes += [line for line in open("/proc/net/ipv6_route") if line.split()[-1] != "lo"]
        print("routes", len(routes))
        attempt("listener", lambda: s.socket(s.AF_INET), lambda one: one.connect(("127.0.0.1", 3128)))
        """
    }

    /// The addresses of this machine in its networks.
    static func ownAddresses() throws -> String { try TestPrograms.run(["hostname", "-I"]).output }

    static func answers(_ output: String) -> [String: String] {
        TestPrograms.Outcome(status: 0, isSignal: false, output: output).answers
    }

    @Test(arguments: SpawnMode.available, [SandboxRequest.Tier.runner, .tool])
    func `T51 no packet leaves a tier but to its listener`(mode: SpawnMode, tier: SandboxRequest.Tier) async throws {
        let outside = try Outside()
        let lan = try Self.ownAddresses()
        try await SpawnFixture.with(mode) { fixture in
            try await ScratchSession.with(home: fixture.home) { scratch in
                let argv = ["/usr/bin/env", "LAN=\(lan)", "python3", "-c", Self.script(outside)]
                let process = try await fixture.spawner.spawn(
                    scratch.request(.command(tier: tier, argv: argv), groupFolder: "demo")
                )
                let outcome = try await fixture.outcome(of: process)
                var answers = Self.answers(outcome.output)
                #expect(outcome.exit == .code(0), "\(outcome.errorOutput)")
                #expect(answers.count > 50)
                #expect(answers.removeValue(forKey: "devices") == "lo")
                #expect(answers.removeValue(forKey: "routes") == "0")
                // The one way: it arrives at the host's own end, and at no other tier's.
                #expect(answers.removeValue(forKey: "listener") == "OUT")
                let listeners = [process.modelListener, process.toolListener]
                let heard = listeners.map { listener in
                    let accepted = accept(listener.number, nil, nil)
                    if accepted >= 0 { close(accepted) }
                    return accepted >= 0
                }
                #expect(heard == [tier == .runner, tier == .tool])
                let refusals = [EPERM, EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED, EAFNOSUPPORT, EADDRNOTAVAIL]
                let known = Set(refusals.map(String.init))
                for (way, answer) in answers where way != "dns" { #expect(known.contains(answer), "\(way): \(answer)") }
                // getaddrinfo(3) numbers its errors by itself: EAI_AGAIN, EAI_NONAME, EAI_NODATA.
                #expect(["-2", "-3", "-5"].contains(answers["dns"] ?? ""), "\(answers["dns"] ?? "")")
            }
        }
        #expect(outside.arrivals().isEmpty)
    }

    @Test func `what is tried from inside arrives when nothing confines it`() throws {
        let outside = try Outside()
        let outcome = try TestPrograms.run(
            ["timeout", "100", "env", "LAN=", "python3", "-c", Self.reachable(outside)]
        )
        let answers = Self.answers(outcome.output)
        for way in ["tcp:127.0.0.1:\(outside.port)", "tcp:::1:\(outside.port)", "unix"] {
            #expect(answers[way] == "OUT", "\(way): \(outcome.output)")
        }
        #expect(Set(outside.arrivals()) == ["tcp", "udp", "unix"])
    }

    /// The same script without the places beyond this machine, where a packet may be waited for.
    private static func reachable(_ outside: Outside) -> String {
        script(outside)
            .replacing(#""1.1.1.1", "10.0.0.1", "192.168.0.1", "169.254.169.254", "fd00::1","#, with: "")
            .replacing(#""2606:4700:4700::1111"]"#, with: "]")
            .replacing(#"for place in ["255.255.255.255", "224.0.0.1"]:"#, with: "for place in []:")
            .replacing(#"s.getaddrinfo("example.org", 80)"#, with: "pass")
    }
}
