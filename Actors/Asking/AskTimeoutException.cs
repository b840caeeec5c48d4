namespace Troupe.Actors;

/// <summary>Nobody answered an ask before its deadline.</summary>
public sealed class AskTimeoutException : TimeoutException
{
    /// <summary>Creates the exception.</summary>
    public AskTimeoutException(string? actorName, TimeSpan timeout)
        : base($"Actor '{actorName ?? "(unnamed)"}' did not answer within {timeout}.")
    {
        ActorName = actorName;
    }

    /// <summary>The actor that was asked.</summary>
    public string? ActorName { get; }
}
