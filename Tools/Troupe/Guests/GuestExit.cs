using Troupe.Tools.Terminal;

namespace Troupe.Tools.Guests;

/// <summary>How a guest ended.</summary>
/// <param name="Code">The guest's own exit code, or null if it ended without giving one.</param>
/// <param name="Reason">What happened, if the guest gave no code.</param>
public sealed record GuestExit(int? Code, string? Reason = null)
{
    /// <summary>The code of a kernel panic (Core/Machine/Panic.cs).</summary>
    public const int PanicCode = 99;

    /// <summary>What <c>troupe run</c> exits with.</summary>
    public int ExitCode => Code ?? ExitCodes.GuestLost;

    /// <summary>Reads QEMU's exit code. The isa-debug-exit device makes QEMU exit with (code &lt;&lt; 1) | 1,
    /// so that 1 is a guest's success unless QEMU complained without ever running the guest.</summary>
    public static GuestExit FromQemu(int exitCode, string qemuErrors, bool guestSpoke)
    {
        if (exitCode == 1 && !guestSpoke && qemuErrors.Contains(QemuCommandLine.Program + ":", StringComparison.Ordinal))
        {
            return new GuestExit(null, "QEMU could not start the guest: " + qemuErrors.Trim());
        }

        return exitCode switch
        {
            0 => new GuestExit(null, "the guest reset or switched off its machine without an exit code (a triple fault looks like this)"),
            // Signals up to SIGTERM (15) look like the guest codes 65 to 71, which no guest of ours uses. SIGHUP (1) would be 64
            // (a command line that makes no sense), and QEMU without a terminal gets none.
            > ExitCodes.SignalBase + 1 and <= ExitCodes.SignalBase + 15 =>
                new GuestExit(null, $"QEMU was ended by signal {exitCode - ExitCodes.SignalBase}"),
            _ when (exitCode & 1) == 1 => new GuestExit(exitCode >> 1),
            _ => new GuestExit(null, $"QEMU failed with exit code {exitCode}: {qemuErrors.Trim()}"),
        };
    }
}
