using System.Diagnostics;
using System.Text;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Guests;

/// <summary>A running guest. It never outlives this process: the kernel kills QEMU when the thread that started it ends,
/// so that thread does nothing but wait for QEMU (PR_SET_PDEATHSIG in prctl(2) follows the thread, not the process).</summary>
public sealed class GuestProcess : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource<GuestExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _readyForInput = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder _errors = new();
    private volatile bool _spoke;

    private GuestProcess(Process process) => _process = process;

    /// <summary>How it ended, once it has, all of its output having been handed on.</summary>
    public Task<GuestExit> Exit => _exit.Task;

    /// <summary>Completes when the guest begins to read its serial port; never for a guest that reads nothing.</summary>
    public Task ReadyForInput => _readyForInput.Task;

    /// <summary>What is written here, the guest's serial port receives.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>QEMU's process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts QEMU.</summary>
    /// <param name="options">The guest.</param>
    /// <param name="onSerialLine">Gets each line of the serial port, one at a time, on a thread of this guest.</param>
    /// <param name="prefix">A program to run QEMU under, such as <c>ip netns exec NAME</c>.</param>
    public static GuestProcess Start(GuestOptions options, Action<string> onSerialLine, IReadOnlyList<string>? prefix = null) =>
        StartQemu(QemuCommandLine.For(options), onSerialLine, prefix);

    /// <summary>Starts QEMU with arguments of the caller's.</summary>
    public static GuestProcess StartQemu(IReadOnlyList<string> arguments, Action<string> onSerialLine, IReadOnlyList<string>? prefix = null)
    {
        var start = new ProcessStartInfo(HostProcess.Find("setpriv") ?? "setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["--pdeathsig", "KILL", "--", .. prefix ?? [], QemuCommandLine.Program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        var guest = new GuestProcess(new Process { StartInfo = start });
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => guest.Run(started, onSerialLine)) { IsBackground = true, Name = "guest" }.Start();
        try
        {
            started.Task.GetAwaiter().GetResult();
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new UserError($"QEMU cannot be started: {exception.Message}", exitCode: ExitCodes.Broken);
        }

        return guest;
    }

    /// <summary>Ends the guest at once, as pulling the plug would.</summary>
    public void Kill()
    {
        if (!_exit.Task.IsCompleted)
        {
            try
            {
                _process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It ended by itself just now.
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Kill();
        _exit.Task.GetAwaiter().GetResult();
        _process.Dispose();
    }

    private void Run(TaskCompletionSource started, Action<string> onSerialLine)
    {
        try
        {
            _process.ErrorDataReceived += (_, line) =>
            {
                lock (_errors)
                {
                    _errors.Append(line.Data).Append('\n');
                }
            };
            _process.Start();
            _process.BeginErrorReadLine();
        }
        catch (Exception exception)
        {
            _exit.SetResult(new GuestExit(null, exception.Message));
            started.SetException(exception);
            return;
        }

        started.SetResult();
        try
        {
            ReadSerial(onSerialLine);
            _process.WaitForExit();
            string errors;
            lock (_errors)
            {
                errors = _errors.ToString();
            }

            _exit.SetResult(GuestExit.FromQemu(_process.ExitCode, errors, _spoke));
        }
        catch (Exception exception)
        {
            // Whoever waits for the guest must hear of it, and QEMU must not stay behind.
            _process.Kill(entireProcessTree: true);
            _exit.SetException(exception);
        }
    }

    private void ReadSerial(Action<string> onSerialLine)
    {
        var lines = new SerialLines(onSerialLine, () => _readyForInput.TrySetResult());
        var buffer = new byte[16 * 1024];
        var stream = _process.StandardOutput.BaseStream;
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            _spoke = true;
            lines.Write(buffer.AsSpan(0, count));
        }

        lines.Complete();
    }
}
