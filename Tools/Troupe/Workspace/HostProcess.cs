using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Workspace;

/// <summary>What a program said and how it ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output and standard error, interleaved by line.</param>
public sealed record HostProcessResult(int ExitCode, string Output);

/// <summary>Runs programs of the host to their end; a cancelled run ends the program with all its children.</summary>
public static class HostProcess
{
    /// <summary>Runs a program, keeping what it says.</summary>
    public static async Task<HostProcessResult> CaptureAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        string? workingDirectory = null,
        IReadOnlyDictionary<string, string>? environment = null,
        Action<string>? onLine = null)
    {
        var output = new StringBuilder();
        using var process = Create(program, arguments, workingDirectory, environment);
        process.StartInfo.RedirectStandardInput = true;
        process.StartInfo.RedirectStandardOutput = true;
        process.StartInfo.RedirectStandardError = true;
        void Keep(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
            {
                return;
            }

            lock (output)
            {
                output.Append(line.Data).Append('\n');
                onLine?.Invoke(line.Data);
            }
        }

        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        Start(process);
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await WaitAsync(process, cancellation).ConfigureAwait(false);
        lock (output)
        {
            return new HostProcessResult(process.ExitCode, output.ToString());
        }
    }

    /// <summary>Runs a program on this terminal.</summary>
    public static async Task<int> RunAsync(
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        string? workingDirectory = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Create(program, arguments, workingDirectory, environment);
        Start(process);
        await WaitAsync(process, cancellation).ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>Where a program is, or null; looks in the directories of the administrator too, as ip lives there.</summary>
    public static string? Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
        {
            return File.Exists(program) ? program : null;
        }

        return (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin"])
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);
    }

    private static Process Create(
        string program, IEnumerable<string> arguments, string? workingDirectory, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(Find(program) ?? program) { WorkingDirectory = workingDirectory ?? string.Empty };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new Process { StartInfo = start };
    }

    private static void Start(Process process)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new UserError($"{process.StartInfo.FileName} cannot be started: {exception.Message}", exitCode: ExitCodes.Broken);
        }
    }

    private static async Task WaitAsync(Process process, CancellationToken cancellation)
    {
        try
        {
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            throw;
        }
    }
}
