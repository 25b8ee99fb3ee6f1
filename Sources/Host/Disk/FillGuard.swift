import Core
import LinuxIO
import Logging
import Sandbox
import SessionStoreHost
import Synchronization

/// Keeps room on the home's disk: looks at it, ends the session that fills it, and holds a reserve.
///
/// Everything that touches the disk runs on a thread of its own: a walk through a million files delays no session.
final class FillGuard: Sendable {
    /// A session that can be ended, and the places that it can write.
    struct Candidate: Sendable {
        let session: SessionID
        /// Below the home.
        let folders: [String]
        /// PID 1 of its sandbox; each life of a session is measured alone.
        let pid: Int32

        /// Where it takes room.
        var places: [Place] { folders.map(Place.folder) + [.nameless(pid)] }
    }

    /// What is measured.
    enum Place: Hashable, Sendable {
        case folder(String)
        /// Files that a sandbox holds without a name.
        case nameless(Int32)
        /// All that a sandbox has written.
        case written(Int32)
    }

    /// What it needs of the host.
    struct Actions: Sendable {
        /// Whether any runner lives that could fill the disk.
        var isBusy: @Sendable () -> Bool
        var candidates: @Sendable () async -> [Candidate]
        var holdings: @Sendable (Int32) async -> SandboxHoldings?
        /// Ends a session and tells its chat.
        var end: @Sendable (SessionID, String) async -> Void
        var tellOwner: @Sendable (String) async -> Void
    }

    /// What the places of all candidates took, and when that was seen.
    private struct Measure {
        var usage: [Place: FolderUsage] = [:]
        var at: Duration
    }

    private struct Watch {
        var state = FillState()
        var baseline: Measure?
        var holdsReserve = false
        /// Until then no place is measured: a walk may take a fifth of one processor's time.
        var restsUntil: Duration = .zero
        var lastFailure = ""
    }

    /// How long a measure serves as what growth is counted from.
    private static let baselineAge: Duration = .seconds(60)

    private let home: Directory
    private let configured: DiskReserve
    private let thread: StoreExecutors
    private let time: any TimeSource
    private let logger: Logger
    private let actions: Actions
    private let current = Mutex(FillState.Level.roomy)

    /// Throws ``Errno`` when the home cannot be opened.
    init(home: String, reserve: DiskReserve, time: any TimeSource, logger: Logger, actions: Actions) throws {
        self.home = try Directory(path: home)
        configured = reserve
        thread = try StoreExecutors(threads: 1)
        self.time = time
        self.logger = logger
        self.actions = actions
    }

    /// Gives the reserve of an earlier host back before a start on a full disk: opening the databases takes some room.
    static func makeWay(home: String, reserve: DiskReserve) throws {
        let home = try Directory(path: home)
        let space = try DiskSpace.of(home)
        var state = FillState()
        state.look(space, reserve.on(space))
        if state.level == .full { try ReserveFile(data: home.directory("data")).release() }
    }

    /// How full the disk was at the last look; at `full` no new message may be taken.
    var level: FillState.Level { current.withLock { $0 } }

    /// Watches until cancelled: twice a second while a runner lives or room is scarce, else every two seconds.
    func run() async {
        guard configured.bytes > 0 || configured.files > 0 else { return }
        var watch = Watch()
        while !Task.isCancelled {
            do {
                try await look(&watch)
                watch.lastFailure = ""
            } catch {
                // Said once: a disk that fails does so twice a second.
                if watch.lastFailure != "\(error)" {
                    logger.warning("The room on the disk cannot be kept", metadata: ["error": "\(error)"])
                }
                watch.lastFailure = "\(error)"
            }
            let pause: Duration = actions.isBusy() || level > .roomy ? .milliseconds(500) : .seconds(2)
            guard (try? await time.sleep(for: pause)) != nil else { return }
        }
    }

    private func look(_ watch: inout Watch) async throws {
        let space = try await thread.run { try DiskSpace.of(self.home) }
        let reserve = configured.on(space)
        var usable = space
        // What was given back is no room: with it counted, the disk would fall back to less than full at once.
        if !watch.holdsReserve { usable.freeBytes = max(0, space.freeBytes - reserve.fileBytes) }
        let last = watch.state.level
        watch.state.look(usable, reserve)
        let level = watch.state.level
        current.withLock { $0 = level }
        if level > last, level >= .low {
            logger.error("The disk is \(level.words)", metadata: ["left": "\(space.left)"])
        }
        if last >= .low, level < .low {
            logger.notice("The disk has room again", metadata: ["left": "\(space.left)"])
            await actions.tellOwner("The disk has room again: \(space.left).")
        }
        // The file of an earlier host may stand there.
        if level == .full, watch.holdsReserve || last < .full {
            try await thread.run { try self.reserveFile().release() }
            watch.holdsReserve = false
        }
        let isEnded = level > .roomy ? await judge(&watch, space, reserve) : false
        if level == .roomy { watch.baseline = nil }
        if level > last, level >= .low, !isEnded {
            await actions.tellOwner(
                "The disk is \(level.words), and no session of mine fills it: \(space.left). Please free some space."
                    + (level == .full ? " Until then I take no new message." : "")
            )
        }
        if level < .low, !watch.holdsReserve {
            try await thread.run { try self.reserveFile().make(bytes: reserve.fileBytes) }
            watch.holdsReserve = true
        }
    }

    private func reserveFile() throws -> ReserveFile { ReserveFile(data: try home.directory("data")) }

    /// Measures the places of all who could fill the disk and, when it is low, ends who grew most; true when it did.
    private func judge(_ watch: inout Watch, _ space: DiskSpace, _ reserve: DiskReserve) async -> Bool {
        let level = watch.state.level
        let start = time.monotonic
        let isOld = watch.baseline.map { start - $0.at >= Self.baselineAge } ?? true
        guard start >= watch.restsUntil, level >= .low || isOld else { return false }
        let candidates = await actions.candidates()
        let since = Int(time.now.milliseconds / 1000) - 60
        let measured = try? await thread.run {
            var usage: [Place: FolderUsage] = [:]
            for path in Set(candidates.flatMap(\.folders)) {
                // A folder that is not there takes nothing.
                guard let folder = self.home.readable(path) else { continue }
                usage[.folder(path)] = FolderUsage.measure(folder, since: since)
            }
            return usage
        }
        guard var usage = measured else { return false }
        for candidate in candidates {
            guard let held = await actions.holdings(candidate.pid) else { continue }
            usage[.nameless(candidate.pid)] = held.nameless
            usage[.written(candidate.pid)] = FolderUsage(bytes: held.writtenBytes)
        }
        let now = time.monotonic
        watch.restsUntil = now + (now - start) * 4
        let before = watch.baseline?.usage ?? [:]
        let worst = level < .low ? nil : FastestGrower.find(candidates, now: usage, before: before, reserve)
        if worst != nil || isOld {
            watch.baseline = Measure(usage: usage, at: now)
        } else {
            // Who came since is measured from here on.
            watch.baseline?.usage.merge(usage) { old, _ in old }
        }
        guard let worst else { return false }
        logger.error(
            "A session fills the disk and is ended",
            metadata: ["session": "\(worst)", "left": "\(space.left)"]
        )
        await actions.end(worst, "the disk is \(level.words), and this session filled it fastest: \(space.left)")
        await actions.tellOwner("The disk is \(level.words). Session \(worst) filled it and was ended: \(space.left).")
        return true
    }
}
