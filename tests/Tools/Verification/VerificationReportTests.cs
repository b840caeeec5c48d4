using Troupe.Tools.Verification;

namespace Troupe.Tools.Tests.Verification;

public sealed class VerificationReportTests : IDisposable
{
    private static readonly VerificationReport _report = new(
        "troupe verify quick",
        [
            new("Coyote", "A_message_is_handled", "Portfolio", 7, 300, 2, false, false, null, null, null, null),
            new("Coyote", "A_torn_exchange", "Portfolio", 7, 12, 1, false, true, "two turns at once", null, "sequenceDiagram", null),
            new("explorer", "A_worker_parks", "TotalStoreOrder", 0, 90, 1, true, false, "Deadlock: <worker> waits", "A_worker_parks=tso:ab", "sequenceDiagram\n    P0->>P1: x", ["one", "two"]),
        ],
        [], null, TimeSpan.FromSeconds(9));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("troupe-report-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void ASummaryCountsSchedulesFindingsAndPlantedBugs() =>
        Assert.Equal("402 schedules in 3 searches of 3 tests, 100 a second of search, 9 s; 1 findings; 1 of 1 planted bugs found", _report.Summary);

    [Fact]
    public void AFindingIsShownWithItsDiagramItsDecidingStepsAndHowToSeeItAgain()
    {
        var text = _report.Text();
        Assert.Contains("  decides: one\n  decides: two\n  ./troupe verify replay 'A_worker_parks=tso:ab'\nsequenceDiagram", text, StringComparison.Ordinal);
        Assert.Contains("seeds: 7", text, StringComparison.Ordinal);
        Assert.Contains("held       A_message_is_handled", text, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryFormIsWritten()
    {
        _report.Write(_folder.FullName);
        Assert.Equal(["report.html", "report.json", "report.txt"], _folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal));
        Assert.Contains("&lt;worker&gt;", File.ReadAllText(Path.Combine(_folder.FullName, "report.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordOfATestProjectIsRead()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "1.searches"), """{"Tool":"Coyote","Test":"T-1","Mode":"Portfolio","Seed":5,"Schedules":300,"Seconds":1.5,"IsExhausted":false,"IsPlanted":false,"Finding":null,"Replay":null,"Diagram":null,"Deciding":null}""" + "\n{\"Tool\":");
        var record = Assert.Single(SearchRecord.ReadAll(_folder.FullName));
        Assert.Equal(("T-1", 5L, 300L), (record.Test, record.Seed, record.Schedules));
    }
}
