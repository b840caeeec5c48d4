namespace Troupe.Apps.Hosting;

/// <summary>Where a program of actors begins, hosted and in a guest alike. A web application begins at its namesake in Troupe.Apps.Hosting.Web.</summary>
public static class Unikernel
{
    // sysexits.h EX_USAGE: the command line was wrong.
    private const int UsageExitCode = 64;

    /// <summary>A builder with what the command line says; a command line that says nonsense ends the program with a message.</summary>
    public static UnikernelBuilder CreateBuilder(string[] args) => new(ParseOrExit(args), Machine.Create());

    /// <summary>A builder on a machine of the caller's.</summary>
    public static UnikernelBuilder CreateBuilder(string[] args, IMachine machine) => new(ParseOrExit(args), machine);

    private static UnikernelOptions ParseOrExit(string[] args)
    {
        if (UnikernelOptions.TryParse(args, out UnikernelOptions? options, out string? error))
            return options;
        Console.Error.WriteLine(error);
        Environment.Exit(UsageExitCode);
        return null!;
    }
}
