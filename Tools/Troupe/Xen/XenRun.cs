using System.Globalization;
using Troupe.Tools.Guests;
using Troupe.Tools.Symbols;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Xen;

/// <summary><c>troupe run APP --machine xen</c>: shows the guest's console, and what Xen and the first domain say on standard error.</summary>
public static class XenRun
{
    // Core/Machine/Panic.cs prints it: a domain has no exit code.
    private const string ExitCodeMark = "[kernel] exit code ";

    private const string PanicMark = "KERNEL PANIC: ";

    /// <summary>Runs it; answers what <c>troupe run</c> exits with.</summary>
    public static async Task<int> ExecuteAsync(Repository repository, Image image, GuestOptions options, CancellationToken cancellation)
    {
        var parts = await new XenEnvironment(repository).EnsureAsync(cancellation).ConfigureAwait(false);
        using var symbols = new Symbolizer(image.Symbols, repository.Root);
        int? code = null;
        await new XenMachine(parts).RunAsync(
            new XenGuestOptions { Image = image.Elf, Processors = options.Processors, Memory = options.Memory, CommandLine = options.CommandLine, Disks = options.Disks },
            line =>
            {
                if (!line.StartsWith(DomainZeroScripts.ConsoleMark, StringComparison.Ordinal))
                {
                    Console.Error.WriteLine(line);
                    return;
                }

                var text = line[DomainZeroScripts.ConsoleMark.Length..];
                code = ExitCode(text) ?? code;
                Console.Out.WriteLine(symbols.Annotate(text));
                Console.Out.Flush();
            },
            cancellation).ConfigureAwait(false);
        if (code is null)
        {
            Output.Error("the guest ended without an exit code.");
        }

        return code ?? ExitCodes.GuestLost;
    }

    /// <summary>The exit code that a line of the console tells, or null.</summary>
    public static int? ExitCode(string line) =>
        line.StartsWith(ExitCodeMark, StringComparison.Ordinal) && int.TryParse(line.AsSpan(ExitCodeMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code
        : line.StartsWith(PanicMark, StringComparison.Ordinal) ? GuestExit.PanicCode
        : null;
}
