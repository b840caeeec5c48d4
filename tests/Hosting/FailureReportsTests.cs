using Troupe.Actors;
using Troupe.Apps.Hosting;

namespace Troupe.Hosting.Tests;

public sealed class FailureReportsTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly SlowConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public void WhoFailedDoesNotWaitForTheConsole()
    {
        FailureReports reports = new(_console);
        reports.Report(Failure("first"));
        Assert.Empty(_console.Lines);
        _console.GoOn();
        reports.Flush();
        Assert.Contains("ActorName = first", Assert.Single(_console.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void ReportsComeInTheirOrderAndAFlushWaitsForAll()
    {
        FailureReports reports = new(_console);
        string[] names = [.. Enumerable.Range(0, FailureReports.MostWaiting).Select(static number => $"number {number},")];
        foreach (string name in names)
            reports.Report(Failure(name));
        _console.GoOn();
        reports.Flush();
        Assert.Equal(names, _console.Lines.Select(line => names.Single(line.Contains)));
    }

    [Fact]
    public async Task InAStormNoReportIsLost()
    {
        FailureReports reports = new(_console);
        // One may be with the console already, the others wait, and the last is written by who has it.
        int count = FailureReports.MostWaiting + 2;
        Task storm = Task.Run(() => Enumerable.Range(0, count).ToList().ForEach(number => reports.Report(Failure($"number {number},"))));
        _console.GoOn();
        await storm.WaitAsync(_patience);
        reports.Flush();
        Assert.Equal(count, _console.Lines.Distinct().Count());
    }

    private static ActorFailure Failure(string name) => new(name, new InvalidOperationException("no"), typeof(int), FailurePolicy.Restart);

    /// <summary>Writes nothing before it is told to.</summary>
    private sealed class SlowConsole : StringWriter
    {
        private readonly ManualResetEventSlim _open = new();
        private readonly Lock _gate = new();
        private readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_gate)
                    return [.. _lines];
            }
        }

        public void GoOn() => _open.Set();

        public override void WriteLine(string? value)
        {
            _open.Wait(_patience);
            lock (_gate)
                _lines.Add(value!);
        }

        protected override void Dispose(bool disposing)
        {
            _open.Dispose();
            base.Dispose(disposing);
        }
    }
}
