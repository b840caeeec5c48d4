using System.Globalization;

namespace Troupe.Apps.SelfTest;

/// <summary>What the host says to <see cref="DriverKills"/>, and how far it has come.</summary>
internal sealed class KillPages(int count)
{
    private readonly TaskCompletionSource _begin = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile int _done;

    /// <summary>Completes when the host's connections begin.</summary>
    internal Task Begun => _begin.Task;

    /// <summary>Completes when they have ended.</summary>
    internal Task Ended => _end.Task;

    /// <summary>Kills whose outage is over.</summary>
    internal int Done
    {
        get => _done;
        set => _done = value;
    }

    internal string Begin()
    {
        _begin.TrySetResult();
        return Progress;
    }

    internal string End()
    {
        _end.TrySetResult();
        return Progress;
    }

    private string Progress => string.Create(CultureInfo.InvariantCulture, $"{_done} of {count}\n");
}
