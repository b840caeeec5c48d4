using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Troupe.Apps.Hosting.Web;

/// <summary>Takes out what ASP.NET Core registers for a process among others and an image has no use for. Nobody who asks for it is refused.</summary>
internal static class ImageServices
{
    public static void Fit(IServiceCollection services, IConfiguration configuration)
    {
        // The console's life time listens for SIGINT and SIGTERM. Nobody can send a guest either.
        services.Replace(ServiceDescriptor.Singleton<IHostLifetime>(new GuestLifetime()));

        // Both let everything pass unless configured, but each would cost a middleware in front of every request.
        if (string.IsNullOrEmpty(configuration["AllowedHosts"]) || configuration["AllowedHosts"] == "*")
            RemoveFilter(services, "HostFilteringStartupFilter");
        if (!string.Equals(configuration["ForwardedHeaders_Enabled"], "true", StringComparison.OrdinalIgnoreCase))
            RemoveFilter(services, "ForwardedHeadersStartupFilter");
    }

    // The types are internal to ASP.NET Core. Should they be called otherwise one day, they stay, and work.
    private static void RemoveFilter(IServiceCollection services, string name)
    {
        for (int i = services.Count - 1; i >= 0; i--)
        {
            if (services[i] is { IsKeyedService: false, ImplementationType: { } type } service && service.ServiceType == typeof(IStartupFilter) && type.Name == name)
                services.RemoveAt(i);
        }
    }

    /// <summary>A guest starts at once, and ends when its program or its machine says so.</summary>
    private sealed class GuestLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
