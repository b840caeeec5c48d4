namespace Troupe.Verification.Fuzzing;

/// <summary>What must hold of every input did not.</summary>
internal sealed class OracleException(string message) : Exception(message);
