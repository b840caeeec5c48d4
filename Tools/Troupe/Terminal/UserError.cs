namespace Troupe.Tools.Terminal;

/// <summary>Something the user can mend: printed as one message and a hint, without a stack trace.</summary>
public sealed class UserError : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong.</param>
    /// <param name="hint">What to do about it, or nothing.</param>
    /// <param name="exitCode">The exit code of the command.</param>
    public UserError(string message, string? hint = null, int exitCode = ExitCodes.Usage)
        : base(message)
    {
        Hint = hint;
        ExitCode = exitCode;
    }

    /// <summary>What to do about it.</summary>
    public string? Hint { get; }

    /// <summary>The exit code of the command.</summary>
    public int ExitCode { get; }
}
