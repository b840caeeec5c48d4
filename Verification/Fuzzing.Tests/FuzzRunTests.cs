namespace Troupe.Verification.Fuzzing.Tests;

/// <summary>The fuzzer itself, on targets with a bug that can only be reached step by step. They count their own edges, as instrumented code does.</summary>
public sealed class FuzzRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fuzz").FullName;
    private readonly EdgeMap _map = new();
    private readonly CancellationTokenSource _found = new();

    public void Dispose()
    {
        _found.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void ABugBehindFourOctetsIsFoundBecauseEachOfThemIsANewEdge()
    {
        FuzzRun run = Run(counts: true);
        Assert.StartsWith("InvalidOperationException in Planted.Run", Assert.Single(run.Found).Key, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutEdgesItIsNot() => Assert.Empty(Run(counts: false).Found);

    [Fact]
    public void AFindingIsShrunkToWhatItNeedsAndKept()
    {
        Run(counts: true);
        byte[] kept = Assert.Single(new Corpus(Path.Combine(_folder, "findings")).Read());
        Assert.Equal("FUZZ"u8.ToArray(), kept);
        Assert.NotNull(Execution.Run(new Planted(_map, counts: true, _found), kept));
    }

    [Fact]
    public void TheCorpusIsBroughtDownToInputsThatEachAddSomething()
    {
        FuzzRun run = Run(counts: true);
        // F, FU, FUZ at most, less where one is no longer than another; what has all four fails and is a finding.
        Assert.InRange(run.Count, 1, 3);
        Assert.Equal(run.Count, new Corpus(Path.Combine(_folder, "corpus")).Read().Count);
    }

    [Fact]
    public void ASeedGivesTheSameInputs()
    {
        string[] Inputs(int seed)
        {
            Mutation mutation = new(new(seed), 64, [[1, 2, 3]]);
            return [.. Enumerable.Range(0, 1000).Select(_ => Convert.ToHexString(mutation.Next(["some words"u8.ToArray(), []])))];
        }

        Assert.Equal(Inputs(7), Inputs(7));
        Assert.NotEqual(Inputs(7), Inputs(8));
        Assert.All(Inputs(7), static input => Assert.InRange(input.Length, 0, 128));
    }

    [Fact]
    public void WhatAllocatesByALengthInItsInputIsFound()
    {
        Assert.Null(Execution.Run(new Greedy(), [1]));
        Assert.Equal("allocation", Execution.Run(new Greedy(), [255])?.Key);
    }

    private FuzzRun Run(bool counts)
    {
        FuzzRun run = new(new Planted(_map, counts, _found), _map, new(1), new(Path.Combine(_folder, "corpus")), new(Path.Combine(_folder, "findings")));
        run.Run(TimeSpan.FromMinutes(2), counts ? long.MaxValue : 300_000, _found.Token);
        return run;
    }

    private sealed class Planted(EdgeMap map, bool counts, CancellationTokenSource found) : FuzzTarget("planted")
    {
        public override void Run(ReadOnlySpan<byte> input)
        {
            for (int index = 0; index < 4; index++)
            {
                if (input.Length <= index || input[index] != "FUZZ"u8[index])
                    return;
                if (counts)
                    map.Hits[1000 + index]++;
            }

            found.Cancel();
            throw new InvalidOperationException("planted");
        }
    }

    private sealed class Greedy() : FuzzTarget("greedy")
    {
        public override void Run(ReadOnlySpan<byte> input) => GC.KeepAlive(new byte[input[0] << 12]);
    }
}
