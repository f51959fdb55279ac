using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Sandbox.Cluster.Silo.Telemetry;

/// <summary>
/// Keeps the names of contexts and tenants out of the log. Orleans calls a grain by its key in messages and exceptions of many
/// categories at every level, so what names one is changed where all of it passes, on its way to whatever writes it.
/// </summary>
public static partial class NamelessLogs
{
    // What they warn of is a grain that moved or a silo that left: our own lines tell what became of the execution.
    private static readonly string[] NamingCategories =
    [
        "Orleans.Grain", "Orleans.GrainDirectory", "Orleans.Messaging", "Orleans.Runtime.ActivationData", "Orleans.Runtime.Catalog",
        "Orleans.Runtime.GrainDirectory", "Orleans.Runtime.Messaging", "Orleans.Runtime.Placement",
    ];

    /// <summary>Adds it. A level that is configured for one of these categories holds.</summary>
    public static IHostApplicationBuilder AddNamelessLogs(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Of two rules for a category the last one counts, and these are to be the first.
        builder.Services.PostConfigure<LoggerFilterOptions>(filter =>
        {
            foreach (var category in NamingCategories)
                filter.Rules.Insert(0, new LoggerFilterRule(providerName: null, category, LogLevel.Error, filter: null));
        });
        builder.Services.AddSingleton<LoggerFactory>();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(
            services => new Factory(services.GetRequiredService<LoggerFactory>())));
        return builder;
    }

    /// <summary>The text with the kind of each grain, and without its key.</summary>
    internal static string WithoutNames(string text) => GrainPattern().Replace(text, "$1/…");

    [GeneratedRegex(@"\b(context|tenant)/[A-Za-z0-9][A-Za-z0-9._:-]*", RegexOptions.CultureInvariant)]
    private static partial Regex GrainPattern();

    /// <summary>Its loggers are those of another one, which is not its own.</summary>
    private sealed class Factory(LoggerFactory factory) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new NamelessLogger(factory.CreateLogger(categoryName));

        public void AddProvider(ILoggerProvider provider) => factory.AddProvider(provider);

        public void Dispose()
        {
        }
    }
}
