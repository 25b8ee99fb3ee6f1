package import Glibc

/// Starts programs that shall not end with us: posix_spawn(3).
package enum ProcessStart {
    /// Starts the program at `path` with these words (its own name first) and variables (`NAME=value`), as the leader of a
    /// session of its own, every signal as at first.
    ///
    /// `place` says what its descriptors are; others of ours are closed by their own flags. Answers its pid. Throws
    /// ``Errno``.
    package static func start(
        _ path: String,
        _ words: [String],
        environment: [String],
        _ place: (inout posix_spawn_file_actions_t) -> Void
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        place(&actions)
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // 0x80 is POSIX_SPAWN_SETSID, which Swift does not import.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer {
            for pointer in arguments + variables { free(pointer) }
        }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, path, &actions, &attributes, &arguments, &variables)
        guard failure == 0 else { throw Errno(failure, "start \(path)") }
        return pid
    }
}
