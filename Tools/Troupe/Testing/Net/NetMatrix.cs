using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Troupe.Tools.Benchmarks;
using Troupe.Tools.Benchmarks.Peer;
using Troupe.Tools.Guests;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Net;

/// <summary><c>troupe test net</c>: transfers between Linux and a guest over links of every badness, both ways, and beside them the same of a Linux guest.</summary>
internal sealed class NetMatrix(Repository repository, NetMatrixOptions options)
{
    /// <summary>What a transfer of a cell may take.</summary>
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    /// <summary>What takes less is over before this host has noticed it, and measures what else the host did: it is done <see cref="Repetitions"/> times, and the median counts.</summary>
    private static readonly TimeSpan _brief = TimeSpan.FromSeconds(2);

    private const int Repetitions = 3;
    private const int GuestMemory = 256;

    private readonly List<Transfer> _transfers = [];
    private readonly Dictionary<long, string> _hashes = [];
    private readonly Queue<string> _lastWords = new();

    /// <summary>Runs it, prints the table, and says by its exit code whether all bytes arrived.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var app = repository.FindApp("Apps/Benchmark");
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        // Ours does not wait for a router's words; the Linux guest's address stands in its start script.
        var troupe = Contestant.Troupe(image);
        List<Contestant> contestants = [troupe with { CommandLine = $"{troupe.CommandLine} ip6={NetworkLab.GuestAddress6}/64" }];
        if (options.WithPeer)
        {
            contestants.Add(Contestant.Linux(await new PeerBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false)));
        }

        var cells = TransferCell.All(options.Seed, options.CleanBytes).Where(cell => options.Only is null || cell.Name.Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (cells.Count == 0)
        {
            throw new UserError($"no link is called '{options.Only}'.", $"There are {string.Join(", ", TransferCell.All(options.Seed, 1).Select(cell => cell.Name))}.");
        }

        var congestionControl = (await File.ReadAllTextAsync("/proc/sys/net/ipv4/tcp_congestion_control", cancellation).ConfigureAwait(false)).Trim();
        Output.Say($"net: seed {options.Seed}; each way at most {_longest.TotalSeconds:0} s a transfer; this host sends by {congestionControl}");
        try
        {
            var lab = await NetworkLab.CreateAsync(cancellation).ConfigureAwait(false);
            await using (lab.ConfigureAwait(false))
            {
                foreach (var processors in options.Processors)
                {
                    foreach (var cell in cells)
                    {
                        // In turn, so that what else this host does weighs on both.
                        foreach (var contestant in contestants)
                        {
                            await RunAsync(lab, contestant, processors, cell, cancellation).ConfigureAwait(false);
                        }
                    }
                }

                await RemeasureAsync(lab, contestants, cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var count in _hashes.Keys)
            {
                File.Delete(FileOf(count));
            }
        }

        List<Transfer> ours = [.. _transfers.Where(transfer => transfer.Guest == troupe.Name)];
        var failed = TransferTable.Print(ours, [.. _transfers.Except(ours)]);
        Console.WriteLine($"{ours.Count - failed} passed, {failed} failed");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private async Task RunAsync(NetworkLab lab, Contestant contestant, int processors, TransferCell cell, CancellationToken cancellation)
    {
        var booted = false;
        foreach (var version in options.Versions.Where(version => version == 4 || cell.TakesIpv6))
        {
            foreach (var fromGuest in (bool[])[true, false])
            {
                var transfer = await MeasureAsync(lab, contestant, new TransferCase(processors, version, cell, fromGuest), booted, cancellation).ConfigureAwait(false);
                _transfers.Add(transfer);
                Output.Say($"net: {contestant.Name}, {transfer.Case}: {transfer.RateText}{(transfer.SilenceText.Length > 0 ? $", longest silence {transfer.SilenceText} ms" : string.Empty)}");
                // A guest that failed must not fail the next test as well.
                booted = transfer.Failure is null;
            }
        }
    }

    /// <summary>
    /// One transfer in a hundred meets a moment in which this host did something else. So what looks too slow is measured again, twice, both guests in turn, and the medians count: what is slow stays slow.
    /// </summary>
    private async Task RemeasureAsync(NetworkLab lab, List<Contestant> contestants, CancellationToken cancellation)
    {
        var byCase = _transfers.ToLookup(transfer => transfer.Case);
        foreach (var slow in byCase.Where(both => both.Count() == 2 && both.First().IsTooSlow(both.Last())).ToList())
        {
            Output.Say($"net: {slow.Key} again, because it was {slow.First().RatioTo(slow.Last())!.Value.ToString("0.00", CultureInfo.InvariantCulture)} of the Linux guest's goodput");
            List<Transfer> all = [.. slow];
            for (var repetition = 1; repetition < Repetitions; repetition++)
            {
                foreach (var contestant in contestants)
                {
                    all.Add(await MeasureAsync(lab, contestant, slow.Key, isBooted: false, cancellation).ConfigureAwait(false));
                    Output.Say($"net: {contestant.Name}, {slow.Key}: {all[^1].RateText}");
                }
            }

            _transfers.RemoveAll(transfer => transfer.Case == slow.Key);
            _transfers.AddRange(contestants.Select(contestant => Transfer.MedianOf([.. all.Where(transfer => transfer.Guest == contestant.Name)])));
        }
    }

    private async Task<Transfer> MeasureAsync(NetworkLab lab, Contestant contestant, TransferCase transfer, bool isBooted, CancellationToken cancellation)
    {
        if (!isBooted && await BootAsync(lab, contestant, transfer, cancellation).ConfigureAwait(false) is { } failure)
        {
            return new Transfer(contestant.Name, transfer, Rate: 0, Silence: null, failure);
        }

        return await RepeatAsync(lab, contestant.Name, transfer, cancellation).ConfigureAwait(false);
    }

    /// <summary>Why the guest is not there; null when it is. One that does not boot fails a transfer, and not those before and after it.</summary>
    private async Task<string?> BootAsync(NetworkLab lab, Contestant contestant, TransferCase transfer, CancellationToken cancellation)
    {
        await lab.ImpairAsync(new Impairment(), transfer.Cell.Mtu, cancellation).ConfigureAwait(false);
        try
        {
            await lab.BootAsync(contestant.On(GuestMachine.Q35, transfer.Processors, GuestMemory), Remember, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (UserError error)
        {
            return $"{error.Message}{LastWords()}";
        }
    }

    /// <summary>Once, or, where that took only a moment, as often as makes a median.</summary>
    private async Task<Transfer> RepeatAsync(NetworkLab lab, string guest, TransferCase transfer, CancellationToken cancellation)
    {
        List<Transfer> done = [];
        do
        {
            // Anew for each, so that its first frame has the fate of the first frame.
            await lab.ImpairAsync(transfer.Cell.Impairment, transfer.Cell.Mtu, cancellation).ConfigureAwait(false);
            done.Add(await TransferAsync(lab, guest, transfer, cancellation).ConfigureAwait(false));
        }
        while (done[^1].Failure is null && done.Count < Repetitions && transfer.Cell.Bytes < done[0].Rate * (1 << 20) * _brief.TotalSeconds);

        return Transfer.MedianOf(done);
    }

    private async Task<Transfer> TransferAsync(NetworkLab lab, string guest, TransferCase transfer, CancellationToken cancellation)
    {
        var bytes = transfer.Cell.Bytes;
        var count = bytes.ToString(CultureInfo.InvariantCulture);
        var host = transfer.Version == 4 ? NetworkLab.GuestAddress : $"[{NetworkLab.GuestAddress6}]";
        var url = $"http://{host}:{Contestant.GuestPort}/bytes";
        var limit = _longest.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var expected = await ExpectedAsync(bytes, cancellation).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        string[] command = transfer.FromGuest
            ? ["sh", "-c", $"curl -g -sS --fail --max-time {limit} '{url}?count={count}' | sha256sum"]
            : ["curl", "-g", "-sS", "--fail", "--max-time", limit, "-H", "Expect:", "-T", FileOf(bytes), url];
        var result = await lab.TryInsideAsync(command, cancellation).ConfigureAwait(false);
        var took = clock.Elapsed;
        var report = await lab.EndLinkAsync().ConfigureAwait(false);
        var right = transfer.FromGuest ? result.Output.StartsWith(expected, StringComparison.Ordinal) : result.Output.Contains($"{count} bytes, all right", StringComparison.Ordinal);
        string? failure = null;
        if (!right)
        {
            failure = $"{result.Output.Trim()} after {took.TotalSeconds:0.0} s{LastWords()}";
        }

        return new Transfer(guest, transfer, bytes / took.TotalSeconds / (1 << 20), report?.Silence, failure);
    }

    private static string FileOf(long count) => Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"troupe-net-{Environment.ProcessId}-{count}"));

    /// <summary>The bytes of Apps/Benchmark's ByteSequence, in a file until the end of this run, and their hash.</summary>
    private async Task<string> ExpectedAsync(long count, CancellationToken cancellation)
    {
        if (_hashes.TryGetValue(count, out var known))
        {
            return known;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var stream = new FileStream(FileOf(count), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
        await using (stream.ConfigureAwait(false))
        {
            var chunk = new byte[1 << 16];
            for (long position = 0; position < count; position += chunk.Length)
            {
                ByteSequence.Fill(chunk, position);
                var length = (int)Math.Min(chunk.Length, count - position);
                hash.AppendData(chunk, 0, length);
                await stream.WriteAsync(chunk.AsMemory(0, length), cancellation).ConfigureAwait(false);
            }
        }

        return _hashes[count] = Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private string LastWords()
    {
        lock (_lastWords)
        {
            return string.Concat(_lastWords.TakeLast(5).Select(line => "\n    " + line));
        }
    }

    private void Remember(string line)
    {
        lock (_lastWords)
        {
            _lastWords.Enqueue(line);
            if (_lastWords.Count > 40)
            {
                _lastWords.Dequeue();
            }
        }
    }
}
