using Troupe.Tools.Testing;

namespace Troupe.Tools.Tests;

public sealed class TestResultTests
{
    private const string Trx = """
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
          <UnitTestResult testName="A.B.Good" outcome="Passed" duration="00:00:01.5000000" />
          <UnitTestResult testName="A.B.Bad(x: 1)" outcome="Failed" duration="00:00:00.1">
            <Output><ErrorInfo><Message>was 3</Message><StackTrace>at A.B</StackTrace></ErrorInfo></Output></UnitTestResult>
          <UnitTestResult testName="A.B.Left(x: 2)" outcome="NotExecuted" />
        </Results></TestRun>
        """;

    private static IReadOnlyList<TestOutcome> Outcomes => TrxFile.Read(new StringReader(Trx));

    [Fact]
    public void ResultsAreRead()
    {
        Assert.Equal([TestState.Passed, TestState.Failed, TestState.Skipped], Outcomes.Select(outcome => outcome.State));
        Assert.Equal(TimeSpan.FromSeconds(1.5), Outcomes[0].Duration);
        Assert.Equal("was 3\nat A.B", Outcomes[1].Message);
    }

    [Fact]
    public void ASkipThatIsNotListedIsAFailure() => Assert.Equal(TestState.Failed, new SkipList([]).Judge(Outcomes[2]).State);

    [Fact]
    public void AListedSkipIsASkip() => Assert.Equal(TestState.Skipped, new SkipList(["# why", "A.B.Left no tun device"]).Judge(Outcomes[2]).State);

    [Fact]
    public void AListedSkipNeedsAReason() => Assert.Throws<FormatException>(() => new SkipList(["A.B.Left"]));

    [Fact]
    public void TheLastLineIsTheCount()
    {
        var suite = new SuiteOutcome("s", Outcomes, TimeSpan.Zero);
        Assert.Equal("1 passed, 1 failed, 1 skipped", TestReport.Summary([suite]));
        Assert.Equal("2 passed, 0 failed", TestReport.Summary([new SuiteOutcome("s", [Outcomes[0], Outcomes[0]], TimeSpan.Zero)]));
    }
}
