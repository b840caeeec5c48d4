using System.Diagnostics;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Clients;

/// <summary>A server that runs until this is disposed of, or this process ends: the kernel kills it with the thread that started it (PR_SET_PDEATHSIG in prctl(2)),
/// so that thread does nothing but wait.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int LinesKept = 40;

    private readonly Process _process;
    private readonly Action<string>? _onLine;
    private readonly Queue<string> _said = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process, Action<string>? onLine)
    {
        _process = process;
        _onLine = onLine;
    }

    /// <summary>The last lines that it said.</summary>
    public string Said
    {
        get
        {
            lock (_said)
            {
                return string.Join('\n', _said);
            }
        }
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Starts it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="user">A user's number, for a server that refuses to be root's; null: ours.</param>
    /// <param name="onLine">Gets each line that it says, of both streams.</param>
    public static ServerProcess Start(string program, IEnumerable<string> arguments, int? user = null, Action<string>? onLine = null)
    {
        var start = new ProcessStartInfo(HostProcess.Find("setpriv") ?? "setpriv") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] identity = user is { } number ? [$"--reuid={number}", $"--regid={number}", "--clear-groups"] : [];
        foreach (var argument in (string[])["--pdeathsig", "KILL", .. identity, "--", program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        var server = new ServerProcess(new Process { StartInfo = start }, onLine);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => server.Run(started)) { IsBackground = true, Name = Path.GetFileName(program) }.Start();
        try
        {
            started.Task.GetAwaiter().GetResult();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new UserError($"{program} cannot be started: {exception.Message}", exitCode: ExitCodes.Broken);
        }

        return server;
    }

    public void Dispose()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended by itself just now.
        }

        _ended.Task.GetAwaiter().GetResult();
        _process.Dispose();
    }

    private void Run(TaskCompletionSource started)
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            _process.Start();
        }
        catch (Exception exception)
        {
            _ended.SetResult();
            started.SetException(exception);
            return;
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        started.SetResult();
        _process.WaitForExit();
        _ended.SetResult();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        _onLine?.Invoke(line);
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > LinesKept)
            {
                _said.Dequeue();
            }
        }
    }
}
