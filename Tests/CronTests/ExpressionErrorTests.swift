import Core
import Testing

@testable import Cron

/// What is no expression is refused in words that help to write it right.
struct ExpressionErrorTests {
    private func refusal(_ text: String) -> CronError? {
        do throws(CronError) {
            _ = try CronExpression(text)
            return nil
        } catch {
            return error
        }
    }

    /// The text, and what its error must say: the field, the value, what is allowed.
    @Test(arguments: [
        ("", ["0 fields", "0 9 * * mon-fri"]),
        ("* * * *", ["4 fields", "5 or 6"]),
        ("* * * * * * *", ["7 fields", "5 or 6"]),
        ("daily", ["1 field;", "5 or 6"]),
        ("60 * * * *", ["minute \"60\"", "out of range", "0 to 59"]),
        ("* 24 * * *", ["hour \"24\"", "0 to 23"]),
        ("* * 0 * *", ["day of month \"0\"", "1 to 31"]),
        ("* * 32 * *", ["day of month \"32\"", "1 to 31"]),
        ("* * * 13 *", ["month \"13\"", "1 to 12 or jan to dec"]),
        ("* * * 0 *", ["month \"0\"", "1 to 12"]),
        ("* * * * 8", ["day of week \"8\"", "0 to 7 or sun to sat"]),
        ("60 * * * * *", ["second \"60\"", "0 to 59"]),
        ("* * * foo *", ["month \"foo\"", "no value"]),
        ("* * * * mon-foo", ["day of week \"mon-foo\"", "\"foo\""]),
        ("jan * * * *", ["minute \"jan\""]),
        ("1,,2 * * * *", ["minute", "\"1,,2\"", "missing"]),
        ("1, * * * *", ["minute", "missing"]),
        ("-5 * * * *", ["minute \"-5\"", "missing"]),
        ("5- * * * *", ["minute \"5-\"", "missing"]),
        ("1-2-3 * * * *", ["minute \"1-2-3\"", "\"2-3\""]),
        ("*-5 * * * *", ["minute \"*-5\""]),
        ("*5 * * * *", ["minute \"*5\""]),
        ("5* * * * *", ["minute \"5*\""]),
        ("+5 * * * *", ["minute \"+5\""]),
        ("1.5 * * * *", ["minute \"1.5\""]),
        ("٣ * * * *", ["minute \"٣\""]),
        ("99999999999999999999 * * * *", ["minute"]),
        ("*/0 * * * *", ["minute \"*/0\"", "a step is a number from 1 to 59"]),
        ("*/90 * * * *", ["minute \"*/90\"", "from 1 to 59"]),
        ("*/-5 * * * *", ["minute \"*/-5\"", "a step"]),
        ("*/ * * * *", ["minute \"*/\"", "a step"]),
        ("/5 * * * *", ["minute", "missing"]),
        ("1/2/3 * * * *", ["minute \"1/2/3\"", "a step"]),
        ("0 22-2 * * *", ["hour \"22-2\"", "backwards", "22-23,0-2"]),
        ("0 0 * * fri-mon", ["day of week \"fri-mon\"", "backwards"]),
        ("0 0 ? * *", ["day of month \"?\"", "write * for any"]),
        ("0 0 * * L", ["day of week \"L\"", "L follows a day"]),
        ("0 0 * * 8L", ["day of week \"8L\"", "out of range"]),
        ("0 0 * * 5#6", ["day of week \"5#6\"", "1 to 5"]),
        ("0 0 * * #3", ["day of week \"#3\"", "missing"]),
        ("0 0 * * 5#", ["day of week \"5#\"", "1 to 5"]),
        ("0 0 * * 5#3-4", ["day of week", "1 to 5"]),
        ("0 0 L-0 * *", ["day of month \"L-0\"", "1 to 30"]),
        ("0 0 L-31 * *", ["day of month", "1 to 30"]),
        ("0 0 32W * *", ["day of month \"32W\"", "1 to 31"]),
        ("0 0 W * *", ["day of month \"W\"", "1 to 31"]),
        ("0 0 1-5W * *", ["day of month \"1-5W\"", "1 to 31"]),
        ("0 0 L/2 * *", ["day of month"]),
        ("0 L * * *", ["hour \"L\""]),
        ("@reboot", ["@daily", "@hourly"]),
        ("@every 5m", ["\"@every 5m\"", "@daily"]),
        ("@daily 5", ["@daily"]),
    ])
    func `a mistake is named with its field, its value and what is allowed`(text: String, words: [String]) throws {
        let error = try #require(refusal(text), "\(text) was read")
        #expect(error.code == .expression)
        for word in words { #expect(error.message.contains(word), "\(error.message)") }
    }

    @Test(arguments: [
        "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 feb *", "0 0 L-30 2 *", "0 0 L-29 feb *", "0 0 */30 2 1#5",
        // The third Friday is the 15th to the 21st, and a star in front makes both fields hold.
        "0 0 */26 * 5#3",
    ])
    func `a day that never comes is refused`(text: String) throws {
        let error = try #require(refusal(text), "\(text) was read")
        #expect(error.code == .never)
        #expect(error.message.contains("never comes"))
    }

    @Test func `text of any length and kind is quoted short and on one line`() throws {
        let hostile = "\u{1B}[31m\n\u{202E}" + String(repeating: "x", count: 200)
        for text in [hostile, "* * * * \(hostile)", String(repeating: "1,", count: 400) + "1 * * * *"] {
            let error = try #require(refusal(text))
            #expect(error.message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
            #expect(error.message.utf8.count < 500)
        }
    }
}
