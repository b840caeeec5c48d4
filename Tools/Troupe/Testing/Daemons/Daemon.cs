using System.Diagnostics;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>A server of Debian's in the foreground, with its own configuration and leases in a folder that is deleted afterwards; what it says is kept.</summary>
internal sealed class Daemon : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private bool _isDisposed;

    private Daemon(Process process) => _process = process;

    /// <summary>What it said.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public static Daemon Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(HostProcess.Find(program) ?? program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var daemon = new Daemon(new Process { StartInfo = start });
        daemon._process.OutputDataReceived += (_, line) => daemon.Keep(line.Data);
        daemon._process.ErrorDataReceived += (_, line) => daemon.Keep(line.Data);
        daemon._process.Start();
        daemon._process.BeginOutputReadLine();
        daemon._process.BeginErrorReadLine();
        return daemon;
    }

    /// <summary>How many lines have all of these words.</summary>
    public int Count(params string[] words) => Lines.Count(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));

    /// <summary>Waits for one more line than now with all of these words.</summary>
    public async Task<bool> SaysAgainAsync(TimeSpan limit, CancellationToken cancellation, params string[] words)
    {
        var before = Count(words);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < limit; await Task.Delay(50, cancellation).ConfigureAwait(false))
        {
            if (Count(words) > before)
            {
                return true;
            }

            if (_process.HasExited)
            {
                throw new UserError($"{_process.StartInfo.FileName} ended:\n{string.Join('\n', Lines.TakeLast(10))}", exitCode: ExitCodes.Failure);
            }
        }

        return false;
    }

    /// <summary>Ends it at once, without a last word on the network.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
        }
    }
}
