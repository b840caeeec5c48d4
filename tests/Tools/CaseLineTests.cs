using Troupe.Tools.Testing.Clients;

namespace Troupe.Tools.Tests;

/// <summary>How <c>troupe test clients</c> compares what two machines printed.</summary>
public sealed class CaseLineTests
{
    [Fact]
    public void LinesOfCasesAreFoundAmongOthers() => Assert.Equal(
        [KeyValuePair.Create("redis.strings", "a: b"), KeyValuePair.Create("redis.script", "5")],
        CaseLines.Read(["[kernel] 2 processors", "case redis.strings: a: b\r", "please restart redis", "case redis.script: 5", "redis: 2 cases, 0 failed"]));

    [Fact]
    public void TheSameAnswersPass() => Assert.All(CaseLines.Compare(Lines("case x: 1", "case y: 2"), Lines("case y: 2", "case x: 1")), static result => Assert.True(result.Passed));

    [Theory]
    [InlineData("case x: 1", "case x: 2")]
    [InlineData("case x: 1", "")]
    [InlineData("", "case x: 1")]
    // Wrong on both machines is wrong.
    [InlineData("case x: FAILED alike", "case x: FAILED alike")]
    public void AnythingElseFails(string reference, string tested)
    {
        var result = Assert.Single(CaseLines.Compare(Lines(reference), Lines(tested)));
        Assert.False(result.Passed);
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Lines(params string[] lines) => CaseLines.Read(lines);
}
