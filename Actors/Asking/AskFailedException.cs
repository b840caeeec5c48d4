namespace Troupe.Actors;

/// <summary>An ask that could not be delivered, or was answered by a failure.</summary>
public sealed class AskFailedException : InvalidOperationException
{
    /// <summary>Creates the exception for an ask that could not be delivered.</summary>
    public AskFailedException(string? actorName, string reason)
        : base($"Actor '{actorName ?? "(unnamed)"}' {reason}.")
    {
        ActorName = actorName;
    }

    /// <summary>Creates the exception for an ask answered by a failure.</summary>
    public AskFailedException(string? actorName, Exception failure)
        : base($"Actor '{actorName ?? "(unnamed)"}' answered with a failure: {failure?.Message}", failure)
    {
        ActorName = actorName;
    }

    /// <summary>The actor that was asked.</summary>
    public string? ActorName { get; }
}
