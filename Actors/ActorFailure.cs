namespace Troupe.Actors;

/// <summary>A handler threw.</summary>
/// <param name="ActorName">The actor's name.</param>
/// <param name="Exception">What it threw.</param>
/// <param name="MessageType">The message it was handling; null in <c>Started</c>, <c>Stopped</c> and posted continuations.</param>
/// <param name="Policy">What happens to the actor.</param>
public sealed record ActorFailure(string? ActorName, Exception Exception, Type? MessageType, FailurePolicy Policy)
{
    /// <summary>The message that failed, which its mailbox does not see again; null where <see cref="MessageType"/> is.</summary>
    public object? Message { get; init; }

    /// <summary>The actor's path.</summary>
    public string? Path { get; init; }
}
