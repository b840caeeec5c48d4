using System.Text;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Hosting.Tests;

public sealed class FailureReportsTests : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly SlowConsole _console = new();

    public void Dispose() => _console.Dispose();

    [Fact]
    public void WhoFailedDoesNotWaitForTheConsole()
    {
        FailureReports reports = Create();
        reports.Report(Failure("first"));
        Assert.Empty(_console.Text);
        _console.GoOn();
        reports.Flush();
        Assert.Contains("ActorName = first", _console.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void ReportsComeInTheirOrderAndAFlushWaitsForAll()
    {
        FailureReports reports = Create();
        ActorFailure[] failures = [.. Enumerable.Range(0, 20).Select(static number => Failure($"number {number}"))];
        foreach (ActorFailure failure in failures)
            reports.Report(failure);
        _console.GoOn();
        reports.Flush();
        Assert.Equal(Text(failures), _console.Text);
    }

    [Fact]
    public async Task InAStormTheyWaitForRoomAndEachIsWhole()
    {
        // Room for less than one of them.
        FailureReports reports = Create(words: 4);
        ActorFailure[] failures = [.. Enumerable.Range(0, 40).Select(static number => Failure($"number {number},"))];
        Task storm = Task.WhenAll(failures.Select(failure => Task.Run(() => reports.Report(failure))));
        _console.GoOn();
        await storm.WaitAsync(_patience);
        reports.Flush();
        Assert.Equal(failures.Select(static failure => Text([failure])).Order(), _console.Text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Select(static line => line + Environment.NewLine).Order());
    }

    [Fact]
    public void WhatTheConsoleHasNotTakenIsThereForAPanic()
    {
        LastWords waiting = new(FailureReports.WordsWaiting);
        FailureReports reports = new(_console, waiting);
        ActorFailure failure = Failure("first");
        reports.Report(failure);
        byte[] left = new byte[FailureReports.WordsWaiting];
        Assert.Equal(Text([failure]), Encoding.UTF8.GetString(left, 0, waiting.Peek(left)));
        _console.GoOn();
        reports.Flush();
        Assert.Equal(0, waiting.Peek(left));
    }

    [Fact]
    public void AConsoleThatIsGoneKeepsNobodyFromTheEnd()
    {
        _console.IsGone = true;
        _console.GoOn();
        FailureReports reports = Create();
        reports.Report(Failure("first"));
        reports.Flush();
        Assert.Empty(_console.Text);
    }

    private FailureReports Create(int words = FailureReports.WordsWaiting) => new(_console, new LastWords(words));

    private static ActorFailure Failure(string name) => new(name, new InvalidOperationException("no"), typeof(int), FailurePolicy.Restart);

    private static string Text(IEnumerable<ActorFailure> failures) => string.Concat(failures.Select(static failure => failure + Environment.NewLine));

    /// <summary>Writes nothing before it is told to.</summary>
    private sealed class SlowConsole : MemoryStream
    {
        private readonly ManualResetEventSlim _open = new();
        private readonly Lock _gate = new();

        public bool IsGone { get; set; }

        public string Text
        {
            get
            {
                lock (_gate)
                    return Encoding.UTF8.GetString(ToArray());
            }
        }

        public void GoOn() => _open.Set();

        public override void Write(byte[] buffer, int offset, int count)
        {
            _open.Wait(_patience);
            if (IsGone)
                throw new IOException("the console is gone");
            lock (_gate)
                base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            _open.Dispose();
            base.Dispose(disposing);
        }
    }
}
