namespace Troupe.Actors;

/// <summary>Nobody answered an ask before its deadline.</summary>
public sealed class AskTimeoutException : TimeoutException
{
    /// <summary>Creates the exception.</summary>
    public AskTimeoutException(string? actorName, TimeSpan timeout)
        : this(actorName, timeout, [])
    {
    }

    /// <summary>Creates the exception for an ask that was part of a cycle.</summary>
    /// <param name="actorName">The actor that was asked.</param>
    /// <param name="timeout">The deadline.</param>
    /// <param name="cycle">See <see cref="Cycle"/>.</param>
    public AskTimeoutException(string? actorName, TimeSpan timeout, IReadOnlyList<string> cycle)
        : base($"Actor '{actorName ?? "(unnamed)"}' did not answer within {timeout}.{Describe(cycle)}")
    {
        ActorName = actorName;
        Cycle = cycle;
    }

    /// <summary>The actor that was asked.</summary>
    public string? ActorName { get; }

    /// <summary>
    /// The paths of actors each of which waited for the next one, and the last one for the first, who asked; empty if it was not so. None
    /// of them could take the message it was asked with: a handler that waits takes no other.
    /// </summary>
    public IReadOnlyList<string> Cycle { get; }

    private static string Describe(IReadOnlyList<string> cycle)
    {
        ArgumentNullException.ThrowIfNull(cycle);
        return cycle.Count switch
        {
            0 => "",
            1 => $" {cycle[0]} asked itself and waited: a handler that waits takes no other message. Call what answers, or do not await the answer in the handler.",
            _ => $" A cycle of asks: {string.Join(" waits for ", cycle.Append(cycle[0]))}. A handler that waits takes no other message: answer before asking back, or tell instead of asking.",
        };
    }
}
