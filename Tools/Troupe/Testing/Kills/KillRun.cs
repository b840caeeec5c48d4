using System.Globalization;

namespace Troupe.Tools.Testing.Kills;

/// <summary>What becomes of the kills of one guest, by its console and by its clients.</summary>
internal sealed class KillRun
{
    private const string Mark = "kill: ";

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>Kills whose outage is over.</summary>
    public int Kills => _kills;

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
        if (line.StartsWith("listening on ", StringComparison.Ordinal))
        {
            _listening.TrySetResult();
        }

        if (!line.StartsWith(Mark, StringComparison.Ordinal))
        {
            return;
        }

        lock (_gate)
        {
            if (line[Mark.Length..].Split(' ') is [("network" or "disk") and var which, var killed, var unharmed]
                && double.TryParse(killed, NumberStyles.None, CultureInfo.InvariantCulture, out var outage) && double.TryParse(unharmed, NumberStyles.None, CultureInfo.InvariantCulture, out var without))
            {
                (which == "disk" ? Disk : Network).Add(outage / 1000);
                (which == "disk" ? DiskUnharmed : NetworkUnharmed).Add(without / 1000);
                _kills = Network.Count + Disk.Count;
                return;
            }

            Report.Add(line[Mark.Length..]);
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
}
