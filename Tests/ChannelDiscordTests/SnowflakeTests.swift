import Core
import Testing

@testable import ChannelDiscord

@Suite struct SnowflakeTests {
    @Test func tellsItsTime() {
        // The example of the platform's documentation.
        #expect(Snowflake.time("175928847299117063") == Timestamp(milliseconds: 1_462_015_105_796))
        #expect(Snowflake.time("alice") == nil)
    }

    @Test(arguments: ["", "-1", "12a", "١٢٣", "99999999999999999999", "1 2"])
    func refuses(_ text: String) { #expect(!Snowflake.isValid(text)) }
}
