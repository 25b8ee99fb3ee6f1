import Core
import Foundation
import TestSupport
import Testing

@testable import Cron

/// Other programs judge what comes next: cronsim, croniter, and Python's zoneinfo; docs/tasks.md says where we differ.
@Suite(
    .enabled(if: Judge.isOn, "set NANOCLAW_JUDGES=1 to ask cronsim and croniter (packages from PyPI)"),
    .timeLimit(.minutes(5))
)
struct CronJudgeTests {
    private static let program = Judge.directory.appending(path: "cron_times.py").path
    private static let count = 8

    /// The judge's answers, one for each question.
    private func ask(_ judge: String, _ questions: [ExpressionTable.Question]) async throws -> [Substring] {
        try await Judge.prepare()
        return try await withTemporaryDirectory { directory in
            let file = "\(directory)/questions"
            let lines = questions.map { "\($0.zone)\t\($0.start)\t\(Self.count)\t\($0.expression)\n" }
            try lines.joined().write(toFile: file, atomically: false, encoding: .utf8)
            let answer = try await Judge.run(Judge.python, [Self.program, judge, file])
            let answers = answer.split(separator: "\n", omittingEmptySubsequences: false)
            try #require(answers.count == questions.count + 1)
            return answers.dropLast()
        }
    }

    /// Our answer, in seconds; nil for an expression that is refused.
    private func answer(_ question: ExpressionTable.Question) throws -> [Int64]? {
        guard let expression = try? CronExpression(question.expression) else { return nil }
        let start = Timestamp(milliseconds: question.start * 1000)
        return Schedule.cron(expression, try Zone(question.zone))
            .times(after: start, through: Timestamp(milliseconds: .max), limit: Self.count)
            .map { $0.milliseconds / 1000 }
    }

    /// Fails for each question that is answered otherwise, but for those excused; how many were excused.
    private func compare(
        _ judge: String,
        _ questions: [ExpressionTable.Question],
        excuse: (ExpressionTable.Question, Int64) throws -> Bool = { _, _ in false }
    ) async throws -> Int {
        var excused = 0
        for (question, said) in zip(questions, try await ask(judge, questions)) {
            let ours = try answer(question)
            // A day that never comes is refused by us, and by the judge a series without an end or an error.
            let theirs = said.hasPrefix("error") ? [] : said.split(separator: " ").compactMap { Int64($0) }
            if ours ?? [] == theirs { continue }
            let index = zip(ours ?? [], theirs).prefix { $0 == $1 }.count
            let differing = [ours?.dropFirst(index).first, theirs.dropFirst(index).first].compactMap(\.self)
            if ours != nil, let first = differing.min(), try excuse(question, first) {
                excused += 1
            } else {
                Issue.record("\(judge): \(question) is \(said), not \(ours.map { "\($0)" } ?? "refused")")
            }
        }
        return excused
    }

    @Test func `T16 cronsim agrees over thousands of expressions, zones and moments`() async throws {
        var table = ExpressionTable(seed: 2026)
        var questions: [ExpressionTable.Question] = []
        for _ in 0..<6000 {
            let zone = try Zone(table.numbers.pick(ExpressionTable.zones))
            let start = table.moment(in: zone)
            questions.append(.init(expression: table.expression(), zone: zone.identifier, start: start))
        }
        let excused = try await compare("cronsim", questions) { question, time in
            // Its wildcards lose times where the clocks are turned by half an hour, and where midnight is skipped.
            guard try !CronExpression(question.expression).isFixed else { return false }
            let data = try Zone(question.zone).data
            let during = data.segment(at: time)
            return [during.start, during.end].contains { change in
                guard change > .min, change < .max, abs(change - time) < 86_400 else { return false }
                let (before, after) = (data.segment(at: change - 1).offset, data.segment(at: change).offset)
                let midnight = (change + Int64(before)) % 86_400 == 0
                return (after - before) % 3600 != 0 || (after > before && midnight)
            }
        }
        #expect(excused < 60, "more than a few differences: \(excused)")
    }

    @Test func `cronsim agrees about six fields where no clock is turned`() async throws {
        var table = ExpressionTable(seed: 6)
        let questions = (0..<1000).map { _ in
            let second = table.numbers.pick(["*", "*/7", "0", "59", "10-20/5", "30,45", "3/20"])
            let zone = table.numbers.pick(["UTC", "Asia/Kathmandu"])
            let start = Int64.random(in: 1_735_689_600...1_861_920_000, using: &table.numbers)
            return ExpressionTable.Question(expression: "\(second) \(table.expression())", zone: zone, start: start)
        }
        #expect(try await compare("cronsim", questions) == 0)
    }

    @Test func `croniter agrees about workdays and the names of schedules`() async throws {
        var table = ExpressionTable(seed: 15)
        let names = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
        let questions = try (0..<2000).map { index in
            let zone = try Zone(
                table.numbers.pick(["Africa/Cairo", "America/New_York", "Australia/Lord_Howe", "Europe/Berlin", "UTC"])
            )
            let day = Int.random(in: 1...31, using: &table.numbers)
            let hour = table.numbers.pick(["5", "12", "13", "20", "8-18/3", "*/6"])
            let month = table.numbers.pick(["*", "*", "*/2", "1-6", "2", "jan,jul"])
            let expression = index % 5 == 0 ? table.numbers.pick(names) : "7 \(hour) \(day)W \(month) *"
            return ExpressionTable.Question(
                expression: expression,
                zone: zone.identifier,
                start: table.moment(in: zone)
            )
        }
        #expect(try await compare("croniter", questions) == 0)
    }

    @Test func `Python reads the same offsets out of every zone of the system`() async throws {
        let output = try await Judge.run("/usr/bin/env", ["python3", Self.program, "zones"])
        var zones: [Substring: Zone] = [:]
        var wrong = 0
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: " ")
            let zone = try zones[parts[0]] ?? Zone(String(parts[0]))
            zones[parts[0]] = zone
            let (moment, offset) = (try #require(Int64(parts[1])), try #require(Int(parts[2])))
            if zone.offset(at: Timestamp(milliseconds: moment * 1000)) != offset { wrong += 1 }
        }
        #expect(zones.count > 400)
        #expect(wrong == 0)
    }
}
