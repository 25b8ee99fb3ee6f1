import Core
import LinuxIO

/// Who of the sessions takes the room.
enum FastestGrower {
    /// The session whose places grew most since they were measured before, by share of the reserve; a place that was
    /// not measured counts with what was changed in it within the last minute.
    ///
    /// Who took no room but wrote four times as much as is asked of it is next: there are ways to hold room that nothing
    /// shows. Nil when nobody took a sixteenth of the reserve, or that is next to nothing: the disk is filled from elsewhere.
    static func find(
        _ candidates: [FillGuard.Candidate],
        now: [FillGuard.Place: FolderUsage],
        before: [FillGuard.Place: FolderUsage],
        _ reserve: DiskReserve
    ) -> SessionID? {
        worst(candidates, \.places, 1.0 / 16, now, before, reserve)
            ?? worst(candidates, { [.written($0.pid)] }, 1.0 / 4, now, before, reserve)
    }

    private static func worst(
        _ candidates: [FillGuard.Candidate],
        _ places: (FillGuard.Candidate) -> [FillGuard.Place],
        _ part: Double,
        _ now: [FillGuard.Place: FolderUsage],
        _ before: [FillGuard.Place: FolderUsage],
        _ reserve: DiskReserve
    ) -> SessionID? {
        var worst: (session: SessionID, share: Double)?
        for candidate in candidates {
            var (bytes, files) = (0, 0)
            for place in places(candidate) {
                guard let usage = now[place] else { continue }
                bytes += before[place].map { usage.bytes - $0.bytes } ?? usage.recentBytes
                files += before[place].map { usage.files - $0.files } ?? usage.recentFiles
            }
            let share = max(share(bytes, of: reserve.bytes, 1 << 20), share(files, of: reserve.files, 64))
            if share >= part, share > worst?.share ?? 0 { worst = (candidate.session, share) }
        }
        return worst?.session
    }

    /// Any turn takes a few files and kilobytes.
    private static func share(_ growth: Int, of reserve: Int, _ least: Int) -> Double {
        reserve > 0 && growth >= least ? Double(growth) / Double(reserve) : 0
    }
}
