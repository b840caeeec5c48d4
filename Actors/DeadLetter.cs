namespace Troupe.Actors;

/// <summary>A message to an actor that has stopped.</summary>
/// <param name="ActorName">The name of the actor it was for.</param>
/// <param name="Message">The message. If it is disposable it is disposed of after the observer returns.</param>
public readonly record struct DeadLetter(string? ActorName, object? Message);
