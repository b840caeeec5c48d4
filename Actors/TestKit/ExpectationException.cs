namespace Troupe.Actors.TestKit;

/// <summary>What a test expected did not happen, or something else did.</summary>
public sealed class ExpectationException : Exception
{
    /// <summary>Creates the exception.</summary>
    public ExpectationException(string message)
        : base(message)
    {
    }
}
