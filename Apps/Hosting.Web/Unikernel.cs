namespace Troupe.Apps.Hosting.Web;

/// <summary>Where a web application begins, hosted and in a guest alike: ASP.NET Core's routing and Kestrel, on our actors.</summary>
public static class Unikernel
{
    /// <summary>A builder with what the command line says; a command line that says nonsense ends the program with a message.</summary>
    public static WebUnikernelBuilder CreateBuilder(string[] args) => new(Hosting.Unikernel.CreateBuilder(args));

    /// <summary>A builder on a machine of the caller's.</summary>
    public static WebUnikernelBuilder CreateBuilder(string[] args, IMachine machine) => new(Hosting.Unikernel.CreateBuilder(args, machine));
}
