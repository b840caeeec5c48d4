using System.Globalization;
using System.Text.RegularExpressions;

namespace Troupe.Tools.Testing.Kills;

/// <summary>What becomes of the kills of one guest, by its console and by its clients.</summary>
public sealed partial class KillRun
{
    private const string Mark = "kill: ", Harm = "harm ";

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, int> _harms = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _broken = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOver;
    private volatile int _kills;

    /// <summary>How long each driver was gone.</summary>
    public Percentiles Network { get; } = new();

    /// <inheritdoc cref="Network"/>
    public Percentiles Disk { get; } = new();

    /// <summary>How long the same took just before each kill.</summary>
    public Percentiles NetworkUnharmed { get; } = new();

    /// <inheritdoc cref="NetworkUnharmed"/>
    public Percentiles DiskUnharmed { get; } = new();

    /// <summary>The longest silence of each connection that was open at a kill.</summary>
    public Percentiles Silences { get; } = new();

    /// <summary>What there is to say at the end.</summary>
    public List<string> Report { get; } = [];

    /// <summary>Completes when the guest serves.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Completes when the guest has looked, nothing is missing, and all goes on until the power goes.</summary>
    public Task Whole => _whole.Task;

    /// <summary>Times that the actor of a card's further queue pair failed, and the driver with it.</summary>
    public int NetworkQueueKills { get; private set; }

    /// <summary>Times that the actor of a disk's further queue failed, and the driver with it.</summary>
    public int DiskQueueKills { get; private set; }

    /// <summary>Kills whose outage is over, or cases of devices that broke a rule.</summary>
    public int Kills => _kills;

    /// <summary>How many cases were of which kind.</summary>
    public string Harms => Counts(_harms);

    /// <summary>What became of connections that did not end as they should, and how often.</summary>
    public string Broken => Counts(_broken);

    /// <summary>Whether clients begin no more connections.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>Connections that ended as they should, those of them that were open at a kill, and their bytes.</summary>
    public int Connections { get; private set; }

    /// <inheritdoc cref="Connections"/>
    public int Across { get; private set; }

    /// <inheritdoc cref="Connections"/>
    public long Bytes { get; private set; }

    /// <summary>Takes a line of the console.</summary>
    public void Read(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.StartsWith("listening on ", StringComparison.Ordinal))
        {
            _listening.TrySetResult();
        }

        if (QueueFailure().Match(line) is { Success: true } failed)
        {
            _ = failed.Groups["pair"].Success ? NetworkQueueKills++ : DiskQueueKills++;
        }

        // The report of a failure goes to the console in several pieces, and lines get in between.
        if (line.IndexOf(Mark, StringComparison.Ordinal) is not (>= 0 and var at))
        {
            return;
        }

        var said = line[(at + Mark.Length)..];
        lock (_gate)
        {
            if (said.Split(' ') is [("network" or "disk") and var which, var killed, var unharmed]
                && double.TryParse(killed, NumberStyles.None, CultureInfo.InvariantCulture, out var outage) && double.TryParse(unharmed, NumberStyles.None, CultureInfo.InvariantCulture, out var without))
            {
                (which == "disk" ? Disk : Network).Add(outage / 1000);
                (which == "disk" ? DiskUnharmed : NetworkUnharmed).Add(without / 1000);
                _kills = Network.Count + Disk.Count;
                return;
            }

            if (said.StartsWith("whole", StringComparison.Ordinal))
            {
                _whole.TrySetResult();
                return;
            }

            if (said.StartsWith(Harm, StringComparison.Ordinal))
            {
                CountOne(_harms, said[Harm.Length..]);
                _kills++;
                return;
            }

            Report.Add(said);
        }
    }

    /// <summary>A connection has ended as it should.</summary>
    public void Moved(long bytes, TimeSpan longestSilence, bool wasOpenAtKill)
    {
        lock (_gate)
        {
            Connections++;
            Bytes += bytes;
            if (wasOpenAtKill)
            {
                Across++;
                Silences.Add(longestSilence.TotalMilliseconds);
            }
        }
    }

    /// <summary>A connection has not ended as it should.</summary>
    public void Broke(string how)
    {
        lock (_gate)
        {
            CountOne(_broken, how);
        }
    }

    // What a guest says of an actor that failed (Actors/ActorFailure.cs), and the names of queues' actors (Drivers/Network/NetworkQueueActor.cs, Drivers/Block/BlockQueueActor.cs).
    [GeneratedRegex(@"^ActorFailure .*ActorName = queue (?<pair>pair )?\d+,", RegexOptions.CultureInvariant)]
    private static partial Regex QueueFailure();

    private static void CountOne(SortedDictionary<string, int> counts, string what) => counts[what] = counts.GetValueOrDefault(what) + 1;

    private string Counts(SortedDictionary<string, int> counts)
    {
        lock (_gate)
        {
            return counts.Count == 0 ? "none" : string.Join(", ", counts.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value}")));
        }
    }
}
