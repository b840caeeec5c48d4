namespace Troupe.Actors.TestKit;

/// <summary>What was waited for will not come: nothing can run and no timer is set, or it goes on and on.</summary>
public sealed class NoProgressException : Exception
{
    internal NoProgressException(string reason, IReadOnlyList<WaitingActor> waiting)
        : base($"{reason} {Describe(waiting)}")
    {
        Waiting = waiting;
    }

    /// <summary>The actors whose handler waits, and for whom.</summary>
    public IReadOnlyList<WaitingActor> Waiting { get; }

    private static string Describe(IReadOnlyList<WaitingActor> waiting) =>
        waiting.Count == 0 ? "No actor's handler waits." : $"Who waits:\n  {string.Join("\n  ", waiting)}";
}
