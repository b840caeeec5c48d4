namespace Troupe.Tools.Terminal;

/// <summary>Exit codes of the command line. A guest's own exit code (0 to 127) is passed through by <c>run</c>.</summary>
public static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>A test, a check or a build failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line made no sense, as for most Unix programs.</summary>
    public const int Usage = 2;

    /// <summary>The guest ended without saying how: a triple fault, or QEMU itself failed.</summary>
    public const int GuestLost = 124;

    /// <summary>Troupe itself could not do its work (as for env and timeout).</summary>
    public const int Broken = 125;

    /// <summary>Added to a signal's number when that signal ended the command, as shells do.</summary>
    public const int SignalBase = 128;
}
