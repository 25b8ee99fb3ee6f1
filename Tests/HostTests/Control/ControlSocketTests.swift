import CentralStore
import ControlProtocol
import Core
import Glibc
import LinuxIO
import Logging
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct `Control socket` {
    @Test func `§16.262 the socket is its owner's alone`() async throws {
        try await ControlFixture.with { fixture in
            let status = try #require(try Directory(path: "\(fixture.home)/data").status("nanoclaw.sock"))
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(status.st_mode & S_IFMT == S_IFSOCK)
            #expect(try await fixture.ask("status")[key: "isReady"] == true)
        }
    }

    @Test func `a home deeper than a socket address is reached`() async throws {
        try await ControlFixture.with(deep: true) { fixture in
            #expect(fixture.home.utf8.count > 108)
            let status = try await fixture.ask("status")
            #expect(status[key: "home"] == .string(fixture.home))
        }
    }

    @Test func `§16.253 a broken line gets an error and the connection goes on`() async throws {
        try await ControlFixture.with { fixture in
            let client = try fixture.client()
            try await client.connection.write(Array("nonsense\n".utf8))
            let answer = try #require(try await client.next())
            #expect(answer.id == "unknown")
            try await client.send(ControlRequest(id: "2", command: "status"))
            #expect(try await client.next()?.id == "2")
        }
    }

    @Test func `a line that is too long is told and ends the connection`() async throws {
        try await ControlFixture.with { fixture in
            let client = try fixture.client()
            async let written: Void? = try? client.connection.write([UInt8](repeating: 0x78, count: 3 << 20))
            guard case .failure(let error)? = try await client.next()?.body else {
                Issue.record("no error")
                return
            }
            #expect(error.message.contains("longer than"))
            #expect(try await client.next() == nil)
            _ = await written
        }
    }

    @Test func `an unknown command and an unknown argument are refused by name`() async throws {
        try await ControlFixture.with { fixture in
            let unknown = try await fixture.refusal("make coffee")
            #expect(unknown.contains("make coffee"))
            let refused = try await fixture.refusal("status", ["colour": "red"])
            #expect(refused == "invalid-arguments: status has no argument \"colour\"")
        }
    }

    @Test func `requests of one connection run side by side up to the limit`() async throws {
        var limits = ControlSocket.Limits()
        limits.requests = 2
        try await ControlFixture.with(limits: limits) { fixture in
            let client = try fixture.client()
            for id in ["a", "b"] {
                try await client.send(ControlRequest(id: id, command: "chat attach"))
                #expect(try await client.next()?.id == id)
            }
            try await client.send(ControlRequest(id: "c", command: "status"))
            guard case .failure(let error)? = try await client.next()?.body else {
                Issue.record("it was taken")
                return
            }
            #expect(error.code == .busy)
        }
    }

    @Test func `a client beyond the limit is told why and others go on`() async throws {
        var limits = ControlSocket.Limits()
        limits.connections = 1
        try await ControlFixture.with(limits: limits) { fixture in
            let first = try fixture.client()
            try await first.send(ControlRequest(id: "1", command: "status"))
            #expect(try await first.next() != nil)
            let second = try fixture.client()
            guard case .failure(let error)? = try await second.next()?.body else {
                Issue.record("it was served")
                return
            }
            #expect(error.code == .busy)
            try await first.send(ControlRequest(id: "2", command: "status"))
            #expect(try await first.next()?.id == "2")
        }
    }

    @Test func `a client that says nothing is cut off`() async throws {
        let time = ManualTime()
        try await ControlFixture.with(time: time) { fixture in
            let client = try fixture.client()
            // Turns the clock until the host has cut the client off; the suite's time limit ends a host that never does.
            let clock = Task {
                while !Task.isCancelled {
                    try await time.waitForSleepers()
                    time.advance(by: .seconds(1))
                    await Task.yield()
                }
            }
            let answer = try await client.next()
            clock.cancel()
            #expect(answer == nil)
        }
    }

    @Test func `the socket of a dead host is replaced and a file in its place is not`() async throws {
        try await ControlFixture.with { fixture in
            let directory = try Directory(path: "\(fixture.home)/data")
            func bind() throws -> ControlSocket {
                try ControlSocket(home: fixture.home, commands: ControlCommands(), logger: Logger(label: "test"))
            }
            // Nobody listens on what stands there after this host's own socket is gone.
            let stale = try bind()
            let fresh = try bind()
            withExtendedLifetime((stale, fresh)) {}
            unlinkat(directory.descriptor.number, "nanoclaw.sock", 0)
            _ = try directory.create("nanoclaw.sock")
            #expect(throws: HostError.self) { try bind() }
        }
    }
}
