import CentralStore
import Core
import Dispatch
import GRDB
import Glibc
import LinuxIO
import SessionStore
import SessionStoreHost
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite(.timeLimit(.minutes(1))) struct SessionOpeningTests {
    @Test func `a session that is deleted while it is being opened leaves no folder`() async throws {
        try await withTemporaryDirectory { home in
            let known = Mutex<SessionFacts?>(nil)
            try await withHost(home: home) { host in
                try await host.runtime.accept(host.event("hello"))
                await host.channel.waitForSent(1)
                let id = try await host.session().id
                let facts = try await host.runtime.central.sessionFacts(id)
                known.withLock { $0 = facts }
            }
            // By a manager that is alone with the home and has nothing open, as after a pause.
            let facts = try #require(known.withLock { $0 })
            let lock = try HomeLock.acquire(home: home)
            defer { lock.release() }
            let central = try CentralStore(lock: lock)
            let executors = try StoreExecutors(threads: 2)
            let manager = SessionManager(
                home: home,
                central: central,
                executors: executors,
                owner: nil,
                time: SystemTime()
            )
            let id = facts.session.id
            try await central.write { db in _ = try Session.deleteOne(db, key: id) }
            let folder = manager.folder(id, of: facts.session.agentGroupID).path
            try await offPool {
                let sessions = try Directory(path: "\(home)/data/sessions")
                try sessions.directory(facts.session.agentGroupID.rawValue).remove(id.rawValue, budget: 1_000_000)
            }
            let error = await #expect(throws: HostError.self) { _ = try await manager.opened(facts) }
            #expect(error?.code == .notFound)
            #expect(access(folder, F_OK) != 0)
            // Nor of one whose making failed: a file stands where its folder would.
            try await offPool { _ = close(creat(folder, 0o600)) }
            let second = await #expect(throws: HostError.self) { _ = try await manager.opened(facts) }
            #expect(second?.code == .notFound)
            #expect(access(folder, F_OK) != 0)
            // Nor once a deletion is over that found it being opened: the thread of the opening is held meanwhile.
            let (holds, isHeld) = AsyncStream.makeStream(of: Void.self)
            let gate = DispatchSemaphore(value: 0)
            async let held: Void = executors.run {
                isHeld.finish()
                gate.wait()
            }
            for await _ in holds {}
            try await executors.run {}
            try await central.write { db in try facts.session.insert(db) }
            async let opening = #expect(throws: HostError.self) { _ = try await manager.opened(facts) }
            while await manager.opening[id] == nil { await Task.yield() }
            async let deletion: Void = manager.delete(id)
            while try await central.sessionFacts(id) != nil { await Task.yield() }
            gate.signal()
            _ = try await (held, deletion)
            #expect(access(folder, F_OK) != 0)
            #expect(await opening?.code == .notFound)
            #expect(access(folder, F_OK) != 0)
        }
    }
}
