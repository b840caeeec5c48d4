namespace Troupe.Verification.Simulator;

/// <summary>Something that must hold did not.</summary>
public sealed class InvariantException(string message) : Exception(message);

/// <summary>The plan made the driver fail.</summary>
public sealed class PlannedCrashException() : Exception("The plan made the driver fail.");
