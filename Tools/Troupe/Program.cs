using System.Runtime.InteropServices;
using Troupe.Tools.Commands;
using Troupe.Tools.Terminal;

// A signal cancels the command, which ends what it started; the exit code is then the shell's for that signal.
using var cancellation = new CancellationTokenSource();
var signalled = 0;
var registrations = new[] { (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15), (PosixSignal.SIGHUP, 1) }
    .Select(pair => PosixSignalRegistration.Create(pair.Item1, context =>
    {
        context.Cancel = true;
        Interlocked.CompareExchange(ref signalled, pair.Item2, 0);
        cancellation.Cancel();
    }))
    .ToList();
try
{
    return await TroupeCommand.InvokeAsync(args, cancellation.Token).ConfigureAwait(false);
}
catch (OperationCanceledException) when (signalled != 0)
{
    return ExitCodes.SignalBase + signalled;
}
catch (UserError error)
{
    Output.Error(error.Message, error.Hint);
    return error.ExitCode;
}
catch (Exception exception)
{
    Output.Error("this is a fault of troupe itself:", exception.ToString());
    return ExitCodes.Broken;
}
finally
{
    registrations.ForEach(registration => registration.Dispose());
}
