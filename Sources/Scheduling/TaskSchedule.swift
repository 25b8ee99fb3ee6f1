package import Core
package import Cron

/// When a task runs, as it is stored: the text that somebody wrote, and the zone that it was meant in.
///
/// Nothing of it depends on the machine's own zone.
package struct TaskSchedule: Sendable, Equatable {
    /// The form of the text.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// One time.
        case once
        /// Equal steps of elapsed time.
        case interval
        /// A cron expression.
        case cron
    }

    package let kind: Kind
    /// The time, interval or expression as it was written.
    package let text: String
    /// The time of `once`, the first one of `interval`; nil for `cron`.
    package let anchor: Timestamp?
    package let zone: Zone
    package let schedule: Schedule
    /// What became of a written time that the zone's clocks skip or show twice, in words; nil otherwise.
    package let remark: String?

    /// A schedule as it was stored.
    package init(kind: Kind, text: String, anchor: Timestamp?, zone: String) throws(SchedulingError) {
        self.kind = kind
        self.text = text
        self.anchor = anchor
        self.zone = try Self.zone(zone)
        remark = nil
        switch (kind, anchor) {
        case (.once, .some(let anchor)): schedule = .once(anchor)
        case (.interval, .some(let anchor)): schedule = .every(.seconds(try Interval(text).seconds), from: anchor)
        case (.cron, _): schedule = try Self.cron(text, self.zone)
        case (_, nil): throw SchedulingError(.invalid, "the schedule \(kind.rawValue) \(text) has no time")
        }
    }

    /// A schedule as somebody asks for it: `at` alone for one time, `every` with or without `at` as the first, or `cron`.
    ///
    /// A time without an offset is one of the zone. Throws ``SchedulingError`` in words for whoever wrote it.
    package init(at: String?, every: String?, cron: String?, zone name: String, now: Timestamp) throws(SchedulingError)
    {
        let zone = try Self.zone(name)
        self.zone = zone
        guard cron == nil || (at == nil && every == nil) else {
            throw SchedulingError(.invalid, "\"cron\" stands alone: leave out \"at\" and \"every\"")
        }
        if let cron {
            let text = cron.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            kind = .cron
            self.text = text
            anchor = nil
            remark = nil
            schedule = try Self.cron(text, zone)
            try Self.checkPace(schedule, text, after: now)
            return
        }
        let first = try at.map { text throws(SchedulingError) in try Self.time(text, zone) }
        remark = first.flatMap { Self.remark($0, at ?? "", zone) }
        if let every {
            let interval = try Interval(every)
            kind = .interval
            text = every
            anchor = first?.time ?? now + .seconds(interval.seconds)
            schedule = .every(.seconds(interval.seconds), from: anchor ?? now)
            return
        }
        guard let first, let at else {
            throw SchedulingError(.invalid, "say when: \"at\" for one time, \"every\" for an interval, or \"cron\"")
        }
        guard first.time + .seconds(60) > now else {
            throw SchedulingError(
                .invalid,
                "at \(at): that is \(Self.both(first.time, zone)), and now it is \(zone.text(now)): name a time to come"
            )
        }
        kind = .once
        text = at
        anchor = first.time
        schedule = .once(first.time)
    }

    /// When it is due first, for a schedule that begins at this time.
    package func first(from now: Timestamp) -> Timestamp? {
        switch kind {
        case .once: anchor
        case .interval: anchor.map { $0 + .seconds(60) > now ? $0 : schedule.next(after: now) ?? $0 }
        case .cron: schedule.next(after: now)
        }
    }

    /// For people: `once`, `every 15m`, `cron 0 9 * * 1-5`.
    package var words: String {
        switch kind {
        case .once: "once"
        case .interval: "every \(text)"
        case .cron: "cron \(text)"
        }
    }

    /// The time on the zone's clocks and in UTC: `2026-03-29T03:00:00+02:00 (2026-03-29T01:00:00Z)`.
    package func both(_ time: Timestamp) -> String { Self.both(time, zone) }

    /// The time on the zone's clocks: `2026-03-29T03:00:00+02:00`.
    package func local(_ time: Timestamp) -> String { zone.text(time) }

    /// The same time in UTC: `2026-03-29T01:00:00Z`.
    package static func utc(_ time: Timestamp) -> String { Zone.utcText(time) }

    private static func both(_ time: Timestamp, _ zone: Zone) -> String {
        "\(zone.text(time)) (\(Zone.utcText(time)))"
    }

    // MARK: - Reading

    private static func zone(_ name: String) throws(SchedulingError) -> Zone {
        do {
            return try Zone(name)
        } catch {
            throw SchedulingError(.invalid, error.message)
        }
    }

    private static func cron(_ text: String, _ zone: Zone) throws(SchedulingError) -> Schedule {
        do {
            return .cron(try CronExpression(text), zone)
        } catch {
            throw SchedulingError(.invalid, error.message)
        }
    }

    private static func time(_ text: String, _ zone: Zone) throws(SchedulingError) -> ResolvedTime {
        do {
            return try WrittenTime(text).resolved(in: zone)
        } catch {
            throw SchedulingError(.invalid, error.message)
        }
    }

    private static func remark(_ time: ResolvedTime, _ text: String, _ zone: Zone) -> String? {
        switch time.kind {
        case .exact: nil
        case .skipped: "the clocks of \(zone) skip \(text): the first time after the gap is taken"
        case .repeated: "the clocks of \(zone) show \(text) twice: the first of both is taken"
        }
    }

    /// Refuses a cron schedule that never comes, or more often than is allowed.
    private static func checkPace(_ schedule: Schedule, _ text: String, after now: Timestamp) throws(SchedulingError) {
        guard var last = schedule.next(after: now) else {
            throw SchedulingError(.invalid, "cron \(text): it never falls due")
        }
        for _ in 0..<200 {
            guard let next = schedule.next(after: last) else { return }
            guard last + TaskLimits.shortestInterval <= next else {
                throw SchedulingError(
                    .limit,
                    "cron \(text): \(Zone.utcText(last)) and \(Zone.utcText(next)) are less than "
                        + "\(TaskLimits.shortestInterval.components.seconds) s apart; use five fields, without seconds"
                )
            }
            last = next
        }
    }
}
