using System.Diagnostics;
using System.Globalization;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// Fuzzes one target: changes inputs it has, and keeps what takes an edge, or takes one so often, as no input did before. At the end the corpus is brought down to inputs
/// that together take every edge.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, EdgeMap map, Random random, Corpus corpus, Corpus findings, Watchdog? watchdog = null, bool keepsCorpus = true)
{
    private static readonly TimeSpan _betweenLines = TimeSpan.FromSeconds(10);

    private readonly List<byte[]> _inputs = [];
    private readonly Dictionary<string, Finding> _found = [];

    /// <summary>Inputs that were run.</summary>
    public long Executions { get; private set; }

    /// <summary>A number that follows from the inputs and their order, those that shrinking tried left out.</summary>
    public ulong Cases { get; private set; }

    /// <summary>How long that took.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Edges that were taken.</summary>
    public int Edges => map.Edges;

    /// <summary>Inputs in the corpus.</summary>
    public int Count => _inputs.Count;

    /// <summary>What no input may do, and the file with one that does.</summary>
    public IReadOnlyCollection<Finding> Found => _found.Values;

    public double ExecutionsPerSecond => Executions / Math.Max(Elapsed.TotalSeconds, 1e-3);

    /// <summary>Goes on until the time is up, or so many inputs were run.</summary>
    public void Run(TimeSpan time, long executions = long.MaxValue, CancellationToken cancellation = default)
    {
        Stopwatch clock = Stopwatch.StartNew();
        map.Forget();
        foreach (byte[] input in corpus.Read().Concat(target.Seeds))
            Try(input);
        if (_inputs.Count == 0)
            _inputs.Add([]);
        Mutation mutation = new(random, target.LongestInput, target.Words);
        TimeSpan said = TimeSpan.Zero;
        while (clock.Elapsed < time && Executions < executions && !cancellation.IsCancellationRequested)
        {
            for (int turn = 0; turn < 256 && Executions < executions; turn++)
                Try(mutation.Next(_inputs).ToArray());
            Elapsed = clock.Elapsed;
            if (Elapsed - said < _betweenLines)
                continue;
            said = Elapsed;
            Console.WriteLine(ToString());
        }

        Elapsed = clock.Elapsed;
        Distil();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{target.Name,-18} {Elapsed.TotalSeconds,6:0} s {Executions,12:N0} executions {ExecutionsPerSecond,9:N0}/s {Edges,6:N0} edges {_inputs.Count,5:N0} inputs {_found.Count,3} findings, cases {Cases:x16}");

    private void Try(byte[] input)
    {
        AddToCases(input);
        Finding? finding = Execute(input);
        if (finding is not null)
            Report(finding, input);
        else if (map.TakeNew())
            _inputs.Add(input);
    }

    // FNV-1a, 64 bits, with each input's length before it.
    private void AddToCases(ReadOnlySpan<byte> input)
    {
        const ulong Prime = 0x100_0000_01b3;
        ulong cases = (Cases ^ (uint)input.Length) * Prime;
        foreach (byte octet in input)
            cases = (cases ^ octet) * Prime;
        Cases = cases;
    }

    private Finding? Execute(byte[] input)
    {
        Executions++;
        map.Begin();
        watchdog?.Begin(target, input);
        Finding? finding = Execution.Run(target, input);
        watchdog?.End();
        return finding;
    }

    private void Report(Finding finding, byte[] input)
    {
        if (_found.ContainsKey(finding.Key))
            return;
        byte[] smallest = Shrinking.Shrink(input, smaller => Execute(smaller)?.Key == finding.Key);
        string file = findings.Add(smallest);
        _found.Add(finding.Key, finding);
        Console.WriteLine($"{target.Name}: {finding.Text}\n    input: {Convert.ToHexString(smallest)}\n    to see it again: ./troupe verify fuzz --target {target.Name} --replay {file}");
    }

    // The shortest first, and of those only what takes an edge that none before took: a corpus to be kept is small.
    private void Distil()
    {
        map.Forget();
        List<byte[]> kept = [];
        foreach (byte[] input in _inputs.OrderBy(static input => input.Length))
        {
            if (Execute(input) is null && map.TakeNew(byCount: false))
                kept.Add(input);
        }

        _inputs.Clear();
        _inputs.AddRange(kept);
        if (keepsCorpus)
            corpus.Replace(kept);
    }
}
