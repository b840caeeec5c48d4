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

    private const int GuestMemory = 256;

    /// <summary>What our goodput may be at least, of the Linux guest's over the same link.</summary>
    private const double LeastGoodput = 0.8;

    private readonly List<Transfer> _transfers = [];
    private readonly Queue<string> _lastWords = new();

    /// <summary>Runs it, prints the table, and says by its exit code whether all bytes arrived.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var app = repository.FindApp("Apps/Benchmark");
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        List<Contestant> contestants = [Contestant.Troupe(image)];
        if (options.WithPeer)
        {
            contestants.Add(Contestant.Linux(await new PeerBuild(repository).EnsureAsync(app, cancellation).ConfigureAwait(false)));
        }

        var cells = TransferCell.All(options.Seed, options.CleanBytes).Where(cell => options.Only is null || cell.Name.Contains(options.Only, StringComparison.Ordinal)).ToList();
        if (cells.Count == 0)
        {
            throw new UserError($"no link is called '{options.Only}'.", $"There are {string.Join(", ", TransferCell.All(options.Seed, 1).Select(cell => cell.Name))}.");
        }

        Output.Say($"net: seed {options.Seed}; each way at most {_longest.TotalSeconds:0} s a transfer");
        var lab = await NetworkLab.CreateAsync(cancellation).ConfigureAwait(false);
        await using (lab.ConfigureAwait(false))
        {
            foreach (var processors in options.Processors)
            {
                foreach (var contestant in contestants)
                {
                    await RunAsync(lab, contestant, processors, cells, cancellation).ConfigureAwait(false);
                }
            }
        }

        return Print(cells);
    }

    private async Task RunAsync(NetworkLab lab, Contestant contestant, int processors, List<TransferCell> cells, CancellationToken cancellation)
    {
        var booted = false;
        foreach (var cell in cells)
        {
            if (!booted)
            {
                await lab.ImpairAsync(new Impairment(), cell.Mtu, cancellation).ConfigureAwait(false);
                await lab.BootAsync(contestant.On(GuestMachine.Q35, processors, GuestMemory), Remember, cancellation).ConfigureAwait(false);
                booted = true;
            }

            await lab.ImpairAsync(cell.Impairment, cell.Mtu, cancellation).ConfigureAwait(false);
            foreach (var fromGuest in (bool[])[true, false])
            {
                var transfer = await TransferAsync(lab, contestant, processors, cell, fromGuest, cancellation).ConfigureAwait(false);
                _transfers.Add(transfer);
                Output.Say($"net: {contestant.Name}, {processors} processor(s), {cell.Name}, {(fromGuest ? "from" : "to")} the guest: {transfer.Text}");
                // A guest that failed must not fail the next link's test as well.
                booted &= transfer.Failure is null;
            }
        }
    }

    private async Task<Transfer> TransferAsync(NetworkLab lab, Contestant contestant, int processors, TransferCell cell, bool fromGuest, CancellationToken cancellation)
    {
        var count = cell.Bytes.ToString(CultureInfo.InvariantCulture);
        var url = $"http://{NetworkLab.GuestAddress}:{Contestant.GuestPort}/bytes";
        var limit = _longest.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var file = Path.Combine(Path.GetTempPath(), $"troupe-net-{Environment.ProcessId}-{count}");
        var expected = await ExpectedAsync(file, cell.Bytes, cancellation).ConfigureAwait(false);
        var clock = Stopwatch.StartNew();
        string[] command = fromGuest
            ? ["sh", "-c", $"curl -sS --fail --max-time {limit} '{url}?count={count}' | sha256sum"]
            : ["curl", "-sS", "--fail", "--max-time", limit, "-H", "Expect:", "-T", file, url];
        var result = await lab.TryInsideAsync(command, cancellation).ConfigureAwait(false);
        var took = clock.Elapsed;
        var right = fromGuest ? result.Output.StartsWith(expected, StringComparison.Ordinal) : result.Output.Contains($"{count} bytes, all right", StringComparison.Ordinal);
        string? failure = null;
        if (!right)
        {
            lock (_lastWords)
            {
                failure = $"{result.Output.Trim()} after {took.TotalSeconds:0.0} s{string.Concat(_lastWords.TakeLast(5).Select(line => "\n    " + line))}";
            }
        }

        return new Transfer(contestant.Name, processors, cell.Name, fromGuest, cell.Bytes / took.TotalSeconds / (1 << 20), failure);
    }

    /// <summary>The bytes of Apps/Benchmark's ByteSequence, in a file for as long as this program lives, and their hash.</summary>
    private async Task<string> ExpectedAsync(string file, long count, CancellationToken cancellation)
    {
        if (_hashes.TryGetValue(count, out var known))
        {
            return known;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
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

    private readonly Dictionary<long, string> _hashes = [];

    private int Print(List<TransferCell> cells)
    {
        foreach (var count in _hashes.Keys)
        {
            File.Delete(Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"troupe-net-{Environment.ProcessId}-{count}")));
        }

        List<string> slower = [];
        List<IReadOnlyList<string>> rows = [];
        foreach (var processors in options.Processors)
        {
            foreach (var cell in cells)
            {
                foreach (var fromGuest in (bool[])[true, false])
                {
                    var both = _transfers.Where(transfer => transfer.Processors == processors && transfer.Cell == cell.Name && transfer.FromGuest == fromGuest).ToList();
                    var ours = both[0];
                    var linux = both.ElementAtOrDefault(1);
                    var ratio = linux is { Failure: null } && ours.Failure is null ? ours.Rate / linux.Rate : (double?)null;
                    if (ratio < LeastGoodput)
                    {
                        slower.Add($"{cell.Name} {(fromGuest ? "from" : "to")} the guest, {processors} processor(s)");
                    }

                    rows.Add(
                    [
                        $"{processors}", cell.Name, $"{cell.Impairment}{(cell.Mtu == 1500 ? string.Empty : $", MTU {cell.Mtu}")}", fromGuest ? "from" : "to",
                        $"{cell.Bytes >> 20} MB", ours.Text, linux?.Text ?? string.Empty, ratio is { } part ? Sample.Text(part, "0.00") : string.Empty,
                    ]);
                }
            }
        }

        Output.Table(["processors", "link", "what it does", "guest", "bytes", "troupe MB/s", "linux MB/s", "to linux"], rows);
        if (slower.Count > 0)
        {
            Console.WriteLine(FormattableString.Invariant($"slower than {LeastGoodput} of the Linux guest: {string.Join("; ", slower)}"));
        }

        var ourTransfers = _transfers.Where(transfer => transfer.Guest == "troupe").ToList();
        foreach (var transfer in ourTransfers.Where(transfer => transfer.Failure is not null))
        {
            Console.WriteLine($"FAILED {transfer.Cell}, {(transfer.FromGuest ? "from" : "to")} the guest, {transfer.Processors} processor(s): {transfer.Failure}");
        }

        var failed = ourTransfers.Count(transfer => transfer.Failure is not null) + slower.Count;
        Console.WriteLine($"{ourTransfers.Count + (options.WithPeer ? ourTransfers.Count : 0) - failed} passed, {failed} failed");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
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

    private sealed record Transfer(string Guest, int Processors, string Cell, bool FromGuest, double Rate, string? Failure)
    {
        public string Text => Failure is null ? Sample.Text(Rate, "0.00") : "failed";
    }
}
